"""`coder chat`: one answer to a prompt, or a conversation.

It knows the terminal; turns are made in `inference/assistant/conversation.py`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from languages.errors import CoderError

if TYPE_CHECKING:
    from inference.assistant.conversation import Conversation


def chat(
    prompt: Annotated[str | None, typer.Argument(help="The question; `-` reads it from standard input.")] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="A GGUF file or a model's name.")] = None,
    system: Annotated[str | None, typer.Option(help="Instructions that hold for the whole conversation.")] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="The longest answer, in tokens.")] = 1024,
    temperature: Annotated[float, typer.Option(min=0.0, max=2.0, help="0 always takes the likeliest token.")] = 0.2,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same answer.")] = None,
) -> None:
    """Stream one answer to standard output, or hold a conversation when PROMPT is left out.

    In a conversation Ctrl-C stops the answer, an empty line or Ctrl-D ends it.

    \b
    Examples:
      coder chat "Write a Go function that reverses a string."
      git diff | coder chat -
      coder chat --model ~/models/coder.gguf --seed 7
    """
    question = _question(prompt)
    from inference.assistant.conversation import Conversation
    from inference.engine.engine import SamplingOptions
    from inference.models import open_engine

    engine = open_engine(model)
    sampling = SamplingOptions(temperature=temperature, seed=seed)
    conversation = Conversation(engine, system=system, sampling=sampling, max_tokens=max_tokens)
    try:
        if question is not None:
            _answer(conversation, question)
        else:
            _converse(conversation, engine.info.name)
    finally:
        engine.close()


def _question(prompt: str | None) -> str | None:
    """The prompt, from the argument or from standard input when that is a pipe; None for a conversation."""
    if prompt is None and sys.stdin.isatty():
        return None
    try:
        question = sys.stdin.buffer.read().decode() if prompt in (None, "-") else prompt
    except UnicodeDecodeError:
        raise CoderError("standard input is not UTF-8 text; convert it, or name the question as an argument") from None
    if not question or not question.strip():
        raise CoderError('there is no question; write it after the command, as in: coder chat "What is a GenServer?"')
    return question


def _converse(conversation: Conversation, model: str) -> None:
    import readline  # noqa: F401  (importing it gives `input` a history and line editing)

    print(f"{model} - Ctrl-C stops an answer, an empty line ends the conversation", file=sys.stderr)
    while True:
        try:
            question = input("> ")
        except (EOFError, KeyboardInterrupt):
            print(file=sys.stderr)
            return
        if not question.strip():
            return
        try:
            _answer(conversation, question)
        except CoderError as error:
            print(f"coder: {error.message}", file=sys.stderr)


def _answer(conversation: Conversation, question: str) -> None:
    """Print the answer as it comes. Ctrl-C ends it and keeps what was said."""
    with conversation.ask(question) as answer:
        for note in answer.notes:
            print(f"coder: {note}", file=sys.stderr)
        try:
            for text in answer:
                sys.stdout.write(text)
                sys.stdout.flush()
        except KeyboardInterrupt:
            if not sys.stdin.isatty():
                raise
        print(flush=True)
    if answer.cut_short:
        print("coder: the answer reached --max-tokens and stops here", file=sys.stderr)
