"""What every program of `launch/` shares: flags that fail with one clear sentence."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

import jax
from absl import app, flags, logging

from superxception_jax.training.loop import Interrupted, NonFiniteLossError

CACHE = flags.DEFINE_string(
    "compilation_cache",
    "~/.cache/superxception_jax",
    "Folder that keeps compiled steps for the next start; `off` for none.",
)
HELP = {"-h", "--h", "-help", "--help"}
USER_ERRORS = (ValueError, TypeError, OSError, NonFiniteLossError)


def run_command(main: Callable[[], None]) -> None:
    """Run a program; bad input gives one sentence and exit status 2.

    Args:
        main: the program, called after the flags are read.

    Raises:
        SystemExit: 2 after bad input; 128 + signal after a stop that was asked for.
    """
    app.run(lambda _: _guarded(main), flags_parser=_parse)


def _parse(argv: Sequence[str]) -> list[str]:
    if HELP.intersection(argv[1:]):
        program = sys.modules["__main__"]
        shown = (program, sys.modules[__name__])
        print(program.__doc__, *map(flags.FLAGS.module_help, shown), sep="\n")
        sys.exit(0)
    try:
        # A config file that fails to load prints its traceback; the sentence is enough.
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
            rest = flags.FLAGS(argv)
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        _fail(error)
    if len(rest) > 1:
        _fail(ValueError(f"`{rest[1]}` must be a flag such as `--config=…`; see `--help`."))
    return rest


def _guarded(main: Callable[[], None]) -> None:
    logging.set_verbosity(logging.WARNING)
    if CACHE.value != "off":
        folder = os.path.abspath(os.path.expanduser(CACHE.value))
        jax.config.update("jax_compilation_cache_dir", folder)
    try:
        main()
    except Interrupted as stop:
        print("\n" + "\n".join([str(stop), *getattr(stop, "__notes__", [])]), file=sys.stderr)
        sys.exit(128 + signal.Signals[stop.signal_name])
    except KeyboardInterrupt:
        print("\nstopped; run the same command again to start over.", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except USER_ERRORS as error:
        if os.environ.get("SUPERXCEPTION_TRACEBACK"):
            raise
        _fail(error)


def _fail(error: BaseException) -> NoReturn:
    text = str(error.args[0] if isinstance(error, KeyError | AttributeError) else error)
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        # A config file that failed: its last line says what; where is of no use to the reader.
        lines = [lines[-1].split(": ", 1)[-1]]
    print("error: " + "\n".join(lines), file=sys.stderr)
    sys.exit(2)
