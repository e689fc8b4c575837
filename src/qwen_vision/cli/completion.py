"""`qwen-vision completion`: a script that completes commands and options in a shell."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module

from qwen_vision.cli.call import Call
from qwen_vision.cli.parsing import Parser

_BASH = """\
# Completion of qwen-vision for bash: eval "$(qwen-vision completion bash)"
_qwen_vision() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" words=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{commands}" -- "$word"))
        return
    fi
    case "${{COMP_WORDS[1]}} $before" in
{choices}
    esac
    if [ -z "$words" ]; then
        case "$word" in
            -*) case "${{COMP_WORDS[1]}}" in
{options}
            esac ;;
            *) COMPREPLY=($(compgen -f -- "$word")); return ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o filenames -F _qwen_vision qwen-vision
"""
_ZSH = """\
#compdef qwen-vision
# Completion of qwen-vision for zsh: eval "$(qwen-vision completion zsh)"
_qwen_vision() {{
    if (( CURRENT == 2 )); then
        local -a commands=(
{commands}
        )
        _describe command commands
        return
    fi
    case "$words[2]" in
{options}
        *) _files ;;
    esac
}}
compdef _qwen_vision qwen-vision
"""


def run(argv: Sequence[str], call: Call) -> int:
    """Print the script for one shell; returns the exit code."""
    del call
    shell = build_parser().parse_args(argv).shell
    sys.stdout.write(_SHELLS[shell]())
    return 0


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "completion",
        description="Print a script that completes commands and options in your shell.",
        epilog='examples:\n  eval "$(qwen-vision completion bash)"      # in ~/.bashrc\n'
        '  eval "$(qwen-vision completion zsh)"       # in ~/.zshrc\n'
        "  qwen-vision completion fish > ~/.config/fish/completions/qwen-vision.fish",
    )
    parser.add_argument("shell", choices=list(_SHELLS), help="the shell")
    return parser


def _parsers() -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Name, summary and parser of every command."""
    from qwen_vision.cli.main import COMMANDS

    for name, summary in COMMANDS.items():
        yield name, summary, import_module(f"qwen_vision.cli.{name}").build_parser()


def _flags(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [action for action in parser._actions if action.option_strings]


def _positional_choices(parser: argparse.ArgumentParser) -> list[str]:
    actions = parser._actions
    found = [action.choices for action in actions if action.choices and not action.option_strings]
    return [str(choice) for choices in found for choice in choices]


def _bash() -> str:
    choices, options, names = [], [], []
    for name, _, parser in _parsers():
        names.append(name)
        words = " ".join(word for action in _flags(parser) for word in action.option_strings)
        options.append(f'                {name}) words="{words}" ;;')
        for action in _flags(parser):
            if action.choices:
                keys = "|".join(f'"{name} {word}"' for word in action.option_strings)
                choices.append(f'        {keys}) words="{" ".join(map(str, action.choices))}" ;;')
        if given := _positional_choices(parser):
            choices.append(f'        "{name} {name}") words="{" ".join(given)}" ;;')
    return _BASH.format(
        commands=" ".join(names), choices="\n".join(choices), options="\n".join(options)
    )


def _zsh() -> str:
    commands, options = [], []
    for name, summary, parser in _parsers():
        commands.append(f"            '{name}:{_zsh_word(summary)}'")
        specs = [
            f"'{word}[{_zsh_word(action.help or '')}]{_zsh_value(action)}'"
            for action in _flags(parser)
            for word in action.option_strings
        ]
        given = _positional_choices(parser)
        specs.append(f"'*:shell:({' '.join(given)})'" if given else "'*:file:_files'")
        lines = " \\\n                ".join(specs)
        options.append(f"        {name})\n            _arguments \\\n                {lines} ;;")
    return _ZSH.format(commands="\n".join(commands), options="\n".join(options))


def _zsh_word(text: str) -> str:
    plain = " ".join(text.split()).replace("'", "").replace("%%", "%")
    return plain.replace("[", "(").replace("]", ")").replace(":", " -")


def _zsh_value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices:
        return f":value:({' '.join(map(str, action.choices))})"
    return ":value:_files"


def _fish() -> str:
    lines = [
        "# Completion of qwen-vision for fish.",
        "complete -c qwen-vision -n __fish_use_subcommand -f",
    ]
    for name, summary, parser in _parsers():
        lines.append(
            f"complete -c qwen-vision -n __fish_use_subcommand -a {name} -d {_fish_word(summary)}"
        )
        here = f"complete -c qwen-vision -n '__fish_seen_subcommand_from {name}'"
        for action in _flags(parser):
            words = "".join(
                f" -l {word[2:]}" if word.startswith("--") else f" -s {word[1:]}"
                for word in action.option_strings
            )
            value = "" if action.nargs == 0 else " -r"
            if action.choices:
                value = f" -x -a '{' '.join(map(str, action.choices))}'"
            lines.append(f"{here}{words}{value} -d {_fish_word(action.help or '')}")
        if given := _positional_choices(parser):
            lines.append(f"{here} -f -a '{' '.join(given)}'")
    return "\n".join(lines) + "\n"


def _fish_word(text: str) -> str:
    plain = " ".join(text.split()).replace("%%", "%").replace("\\", "")
    return "'" + plain.replace("'", "\\'") + "'"


_SHELLS: Mapping[str, Callable[[], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
