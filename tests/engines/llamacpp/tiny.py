"""Weights small enough to make in a test: a random Qwen3-VL, and models that recite a script."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import gguf
import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
# Next words by word; a model that recites says them one after the other.
Script = Mapping[str, str]
WIDTH = 64
HEAD = 32
BLOCKS = 4
CONTEXT = 4096
END = "<|im_end|>"
CONTROL = (
    "<|endoftext|>",
    "<|im_start|>",
    END,
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
)
TAGS = ("<think>", "</think>", "<tool_call>", "</tool_call>")
TEMPLATE = r"""
{%- if tools %}{{ '<|im_start|>system\nTools:' }}
{%- for tool in tools %}{{ '\n' + (tool | tojson) }}{% endfor %}{{ '<|im_end|>\n' }}{% endif %}
{%- for message in messages %}
{%- set said_by = 'user' if message.role == 'tool' else message.role %}
{{- '<|im_start|>' + said_by + '\n' }}
{%- if message.role == 'assistant' and message.reasoning_content %}
{{- '<think>\n' + message.reasoning_content + '\n</think>\n\n' }}{% endif %}
{%- if message.content is string %}{{ message.content }}
{%- else %}{% for part in message.content or [] %}
{%- if part.type == 'image' or 'image' in part or 'image_url' in part %}
{{- '<|vision_start|><|image_pad|><|vision_end|>' }}
{%- elif 'text' in part %}{{ part.text }}{% endif %}{% endfor %}{% endif %}
{%- for call in message.tool_calls or [] %}
{{- '<tool_call>' + (call.function | tojson) + '</tool_call>' }}{% endfor %}
{{- '<|im_end|>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}OPENING{% endif %}"""
# How the template opens a thought.
OPENINGS = {
    "never": "",
    "always": r"{{ '<think>\n' }}",
    "switch": r"{% if enable_thinking is defined and not enable_thinking %}"
    r"{{ '<think>\n\n</think>\n\n' }}{% else %}{{ '<think>\n' }}{% endif %}",
    # The same without a line break, so that a thought and an answer begin after different words.
    "tight": r"{% if enable_thinking is defined and not enable_thinking %}"
    r"{{ '<think>\n\n</think>\n\n' }}{% else %}{{ '<think>' }}{% endif %}",
    "written": r"{% if enable_thinking is defined and not enable_thinking %}"
    r"{{ '<think>\n\n</think>\n\n' }}{% endif %}",
}


def byte_letters() -> dict[int, str]:
    """The letter that stands for each byte in a vocabulary of the GPT-2 kind."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    others = [byte for byte in range(256) if byte not in letters]
    return letters | {byte: chr(256 + place) for place, byte in enumerate(others)}


def write_model(
    path: Path,
    *,
    script: Script | None = None,
    thinks: str = "never",
    width: int = WIDTH,
    blocks: int = BLOCKS,
) -> Path:
    """A language model: random, or one that recites `script`."""
    letters = byte_letters()
    words = () if script is None else words_of(script)
    tokens = [letters[byte] for byte in range(256)]
    tokens += ["he", *CONTROL, *TAGS]
    tokens += ["".join(letters[byte] for byte in word.encode()) for word in words]
    kinds = [1] * 257 + [3] * len(CONTROL) + [4] * len(TAGS) + [1] * len(words)
    writer = gguf.GGUFWriter(str(path), "qwen3vl")
    _describe(writer, width=width, blocks=blocks)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(["h e"])
    writer.add_eos_token_id(257 + CONTROL.index(END))
    writer.add_chat_template(TEMPLATE.strip().replace("OPENING", OPENINGS[thinks]))
    numbers = {chr(byte): byte for byte in range(128)}
    numbers |= {word: 257 + place for place, word in enumerate((*CONTROL, *TAGS, *words))}
    output = None if script is None else reciting(script, numbers, width=width)
    _add_tensors(writer, len(tokens), output, width=width, blocks=blocks)
    return _written(writer, path)


def write_projector(path: Path, *, width: int = WIDTH) -> Path:
    """A random vision encoder (mmproj) for a model of that width."""
    writer = gguf.GGUFWriter(str(path), "clip")
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    vision = "clip.vision."
    sizes = {
        "projection_dim": width,
        "image_size": 256,
        "patch_size": 16,
        "embedding_length": WIDTH,
        "feed_forward_length": WIDTH,
        "block_count": BLOCKS,
        "attention.head_count": 2,
        "spatial_merge_size": 2,
    }
    for key, value in sizes.items():
        writer.add_uint32(vision + key, value)
    writer.add_array(vision + "image_mean", [0.5] * 3)
    writer.add_array(vision + "image_std", [0.5] * 3)
    writer.add_float32(vision + "attention.layer_norm_epsilon", 1e-6)
    writer.add_array(vision + "is_deepstack_layers", [True, True, True, False])
    writer.add_string("clip.projector_type", "qwen3vl_merger")
    writer.add_bool("clip.use_gelu", True)
    random = np.random.default_rng(1)
    for name, shape in _projector_shapes(width).items():
        flat = name.endswith(".bias") or len(shape) == 1
        values = np.full(shape, float(name.endswith(".weight"))) if flat else None
        if values is None:
            values = random.standard_normal(shape) * 0.1
        writer.add_tensor(name, values.astype(np.float32))
    return _written(writer, path)


def words_of(script: Script) -> list[str]:
    """Words of a script that are more than one byte and stand in no list of their own."""
    found = dict.fromkeys([*script, *script.values()])
    return [word for word in found if len(word) > 1 and word not in (*CONTROL, *TAGS)]


def _describe(writer: gguf.GGUFWriter, *, width: int, blocks: int) -> None:
    writer.add_block_count(blocks)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(width)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_sections([6, 5, 5, 0])
    writer.add_rope_freq_base(5e6)
    writer.add_uint32("qwen3vl.n_deepstack_layers", 3)


def embeddings(size: int, width: int) -> FloatArray:
    """A vector of length 1 for each token."""
    vectors = np.random.default_rng(0).standard_normal((size, width))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def reciting(script: Script, numbers: Mapping[str, int], *, width: int) -> FloatArray:
    """Output vectors of a model whose blocks add nothing: the last word points to the next."""
    vectors = embeddings(max(numbers.values()) + 1, width)
    output = np.zeros_like(vectors)
    for word, following in script.items():
        output[numbers[following]] += 20 * vectors[numbers[word]]
    return output


def _add_tensors(
    writer: gguf.GGUFWriter,
    size: int,
    output: FloatArray | None,
    *,
    width: int,
    blocks: int,
) -> None:
    random = np.random.default_rng(0)
    writer.add_tensor("token_embd.weight", embeddings(size, width).astype(np.float32))
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    if output is not None:
        writer.add_tensor("output.weight", output.astype(np.float32))
    scale = 0.1 if output is None else 0.0
    for block in range(blocks):
        for name, shape in _block_shapes(width).items():
            values = np.ones(shape) if len(shape) == 1 else random.standard_normal(shape) * scale
            writer.add_tensor(f"blk.{block}.{name}.weight", values.astype(np.float32))


def _block_shapes(width: int) -> dict[str, Sequence[int]]:
    return {
        "attn_norm": (width,),
        "ffn_norm": (width,),
        "ffn_down": (width, width),
        "ffn_gate": (width, width),
        "ffn_up": (width, width),
        "attn_q": (2 * HEAD, width),
        "attn_k": (HEAD, width),
        "attn_v": (HEAD, width),
        "attn_output": (width, 2 * HEAD),
        "attn_q_norm": (HEAD,),
        "attn_k_norm": (HEAD,),
    }


def _projector_shapes(width: int) -> dict[str, Sequence[int]]:
    wide = 4 * WIDTH
    shapes: dict[str, Sequence[int]] = {
        "v.patch_embd.weight": (WIDTH, 3, 16, 16),
        "v.patch_embd.weight.1": (WIDTH, 3, 16, 16),
        "v.patch_embd.bias": (WIDTH,),
        "v.position_embd.weight": (256, WIDTH),
    }
    layers: dict[str, Sequence[int]] = {
        "v.post_ln": (WIDTH,),
        "mm.0": (wide, wide),
        "mm.2": (width, wide),
    }
    for block in range(BLOCKS):
        layers |= {
            f"v.blk.{block}.attn_qkv": (3 * WIDTH, WIDTH),
            f"v.blk.{block}.attn_out": (WIDTH, WIDTH),
            f"v.blk.{block}.ffn_up": (WIDTH, WIDTH),
            f"v.blk.{block}.ffn_down": (WIDTH, WIDTH),
            f"v.blk.{block}.ln1": (WIDTH,),
            f"v.blk.{block}.ln2": (WIDTH,),
        }
    for layer in range(3):
        layers |= {
            f"v.deepstack.{layer}.norm": (wide,),
            f"v.deepstack.{layer}.fc1": (wide, wide),
            f"v.deepstack.{layer}.fc2": (width, wide),
        }
    for name, shape in layers.items():
        shapes[f"{name}.weight"] = shape
        shapes[f"{name}.bias"] = shape[:1]
    return shapes


def _written(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
