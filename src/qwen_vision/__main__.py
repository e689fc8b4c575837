"""`python -m qwen_vision`: the same as the command `qwen-vision`."""

from qwen_vision.cli.main import run

if __name__ == "__main__":
    run()
