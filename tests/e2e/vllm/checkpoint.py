"""A Qwen3-VL checkpoint small enough to make in a test: noise that recites a script.

Its folder is what a model hub would hand out: configuration, weights, tokenizer, processors
and chat template. The weights are written here, byte by byte, so that nothing of the model's
own packages is needed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.engines.llamacpp.tiny import (
    CONTROL,
    END,
    HEAD,
    OPENINGS,
    TAGS,
    TEMPLATE,
    WIDTH,
    FloatArray,
    Script,
    byte_letters,
    embeddings,
    reciting,
    words_of,
)

BLOCKS: Final = 2
VISION_BLOCKS: Final = 4
CONTEXT: Final = 4096
SPECIAL: Final = (*CONTROL, "<|video_pad|>")
# Small enough that the next word is the script's, large enough that every layer counts.
_NOISE: Final = 0.02
# With tools the answer begins after another word, so that a script can go on with a call.
_AFTER_OPENING: Final = (
    r"{% if tools and not (enable_thinking | default(true)) %}{{ ' ' }}{% endif %}"
)
_VIDEO_PART: Final = r"""
{%- elif part.type == 'video' %}{{- '<|vision_start|><|video_pad|><|vision_end|>' }}
{%- elif 'text' in part %}"""


def write_checkpoint(folder: Path, *, script: Script, thinks: str = "tight") -> Path:
    """The folder with a model that recites `script`; `thinks` as in OPENINGS."""
    folder.mkdir(exist_ok=True)
    words = [*TAGS, *words_of(script)]
    numbers = {chr(byte): byte for byte in range(128)}
    numbers |= {word: 257 + place for place, word in enumerate((*SPECIAL, *words))}
    for name, content in _configurations(numbers).items():
        (folder / name).write_text(json.dumps(content, indent=1), "utf-8")
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(words)), "utf-8")
    template = TEMPLATE.strip().replace("OPENING", OPENINGS[thinks] + _AFTER_OPENING)
    template = template.replace("\n{%- elif 'text' in part %}", _VIDEO_PART)
    (folder / "chat_template.jinja").write_text(template, "utf-8")
    size = 257 + len(SPECIAL) + len(words)
    tensors = _language(embeddings(size, WIDTH), reciting(script, numbers, width=WIDTH))
    _write_safetensors(folder / "model.safetensors", {**tensors, **_vision()})
    return folder


def _configurations(numbers: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    size = max(numbers.values()) + 1
    picture = {
        "patch_size": 16,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    return {
        "config.json": {
            "architectures": ["Qwen3VLForConditionalGeneration"],
            "model_type": "qwen3_vl",
            "dtype": "float32",
            "tie_word_embeddings": False,
            "image_token_id": numbers["<|image_pad|>"],
            "video_token_id": numbers["<|video_pad|>"],
            "vision_start_token_id": numbers["<|vision_start|>"],
            "vision_end_token_id": numbers["<|vision_end|>"],
            "text_config": _text_config(size, end=numbers[END]),
            "vision_config": _vision_config(),
        },
        "generation_config.json": {"eos_token_id": [numbers[END]], "do_sample": True},
        "preprocessor_config.json": {
            "image_processor_type": "Qwen2VLImageProcessorFast",
            "processor_class": "Qwen3VLProcessor",
            "size": {"shortest_edge": 65_536, "longest_edge": 16_777_216},
            **picture,
        },
        "video_preprocessor_config.json": {
            "video_processor_type": "Qwen3VLVideoProcessor",
            "processor_class": "Qwen3VLProcessor",
            "size": {"shortest_edge": 4096, "longest_edge": 25_165_824},
            **picture,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": END,
            "pad_token": "<|endoftext|>",
            "model_max_length": CONTEXT,
            "clean_up_tokenization_spaces": False,
        },
    }


def _text_config(size: int, *, end: int) -> dict[str, Any]:
    return {
        "model_type": "qwen3_vl_text",
        "dtype": "float32",
        "vocab_size": size,
        "hidden_size": WIDTH,
        "intermediate_size": WIDTH,
        "num_hidden_layers": BLOCKS,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": HEAD,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "max_position_embeddings": CONTEXT,
        "eos_token_id": end,
        "rope_theta": 5_000_000,
        "rope_scaling": {
            "rope_type": "default",
            "mrope_section": [6, 5, 5],
            "mrope_interleaved": True,
        },
    }


def _vision_config() -> dict[str, Any]:
    return {
        "model_type": "qwen3_vl",
        "depth": VISION_BLOCKS,
        "hidden_size": WIDTH,
        "intermediate_size": WIDTH,
        "out_hidden_size": WIDTH,
        "num_heads": 2,
        "in_channels": 3,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "num_position_embeddings": 256,
        "deepstack_visual_indexes": list(range(BLOCKS)),
        "hidden_act": "gelu_pytorch_tanh",
    }


def _tokenizer(words: Sequence[str]) -> dict[str, Any]:
    """Bytes, one merge, and the words: reached by being said, never by being read."""
    letters = byte_letters()
    vocabulary = {letters[byte]: byte for byte in range(256)} | {"he": 256}
    added = []
    for place, word in enumerate((*SPECIAL, *words)):
        number = 257 + place
        if word in SPECIAL or word in TAGS:
            flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
            added.append({"id": number, "content": word, "special": word in SPECIAL, **flags})
        else:
            word = "".join(letters[byte] for byte in word.encode())
        vocabulary[word] = number
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {**byte_level, "trim_offsets": False},
        "post_processor": None,
        "decoder": {**byte_level, "trim_offsets": True},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [["h", "e"]]},
    }


def _language(read: FloatArray, said: FloatArray) -> dict[str, FloatArray]:
    """The language model; `read` and `said` are its vectors of words at both ends."""
    base = "model.language_model."
    tensors = {
        f"{base}embed_tokens.weight": read,
        f"{base}norm.weight": np.ones(WIDTH),
        "lm_head.weight": said,
    }
    shapes: dict[str, Sequence[int]] = {
        "input_layernorm": (WIDTH,),
        "post_attention_layernorm": (WIDTH,),
        "self_attn.q_proj": (2 * HEAD, WIDTH),
        "self_attn.k_proj": (HEAD, WIDTH),
        "self_attn.v_proj": (HEAD, WIDTH),
        "self_attn.o_proj": (WIDTH, 2 * HEAD),
        "self_attn.q_norm": (HEAD,),
        "self_attn.k_norm": (HEAD,),
        "mlp.gate_proj": (WIDTH, WIDTH),
        "mlp.up_proj": (WIDTH, WIDTH),
        "mlp.down_proj": (WIDTH, WIDTH),
    }
    random = np.random.default_rng(2)
    for block in range(BLOCKS):
        for name, shape in shapes.items():
            tensors[f"{base}layers.{block}.{name}.weight"] = (
                np.ones(shape) if len(shape) == 1 else random.standard_normal(shape) * _NOISE
            )
    return tensors


def _vision() -> dict[str, FloatArray]:
    """The vision encoder: noise throughout."""
    wide = 4 * WIDTH
    layers: dict[str, Sequence[int]] = {"patch_embed.proj": (WIDTH, 3, 2, 16, 16)}
    for block in range(VISION_BLOCKS):
        layers |= {
            f"blocks.{block}.norm1": (WIDTH,),
            f"blocks.{block}.norm2": (WIDTH,),
            f"blocks.{block}.attn.qkv": (3 * WIDTH, WIDTH),
            f"blocks.{block}.attn.proj": (WIDTH, WIDTH),
            f"blocks.{block}.mlp.linear_fc1": (WIDTH, WIDTH),
            f"blocks.{block}.mlp.linear_fc2": (WIDTH, WIDTH),
        }
    mergers = {"merger": WIDTH}
    mergers |= {f"deepstack_merger_list.{place}": wide for place in range(BLOCKS)}
    for name, width in mergers.items():
        layers |= {
            f"{name}.norm": (width,),
            f"{name}.linear_fc1": (wide, wide),
            f"{name}.linear_fc2": (WIDTH, wide),
        }
    random = np.random.default_rng(3)
    tensors = {"model.visual.pos_embed.weight": random.standard_normal((256, WIDTH))}
    for name, shape in layers.items():
        plain = len(shape) == 1
        weight = np.ones(shape) if plain else random.standard_normal(shape) * 0.1
        tensors[f"model.visual.{name}.weight"] = weight
        tensors[f"model.visual.{name}.bias"] = np.zeros(shape[:1])
    return tensors


def _write_safetensors(path: Path, tensors: Mapping[str, FloatArray]) -> None:
    """The tensors in the safetensors format: length of the header, header, numbers."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    pieces: list[bytes] = []
    start = 0
    for name, values in tensors.items():
        piece = np.ascontiguousarray(values, dtype="<f4").tobytes()
        end = start + len(piece)
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [start, end]}
        pieces.append(piece)
        start = end
    told = json.dumps(header).encode()
    path.write_bytes(len(told).to_bytes(8, "little") + told + b"".join(pieces))
