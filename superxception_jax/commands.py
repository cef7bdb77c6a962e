"""The frame of every program: flags, help, errors of one clear sentence, and exit status.

JAX and ml_collections are imported by the functions that need them, so that `--help` and mistakes
in the flags are answered at once.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import functools
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

from absl import app, flags, logging

from superxception_jax.system import Stopped, make_output_lasting, stop_at_signals

if TYPE_CHECKING:
    from ml_collections import ConfigDict

CACHE = flags.DEFINE_string(
    "compilation_cache",
    "~/.cache/superxception_jax",
    "Folder in which compiled programs are cached for later runs; `off` for no cache.",
)
# A config field on the command line, with or without its value.
_FIELD = re.compile(r"--config\.([\w.]+)(?:=(.*))?", re.DOTALL)
_KINDS = {bool: "true or false", int: "a whole number", float: "a number"}
HELP = {"-h", "--h", "-help", "--help"}
# Raised by absl and by config files for invalid flags.
FLAG_ERRORS = (flags.Error, AttributeError, KeyError, TypeError, ValueError, OSError)
# What `Path.expanduser` says of an unknown user.
_NO_HOME = "Could not determine home directory."
# A loss that becomes infinite raises `FloatingPointError`.
USER_ERRORS = (ValueError, TypeError, OSError, FloatingPointError)
RESUMES = "Run the same command again to resume."
_CLOSE = "close it in other programs, change its permissions, or choose another path."
_REMEDIES = {
    errno.ENOSPC: "free space and run the same command again.",
    getattr(errno, "EDQUOT", errno.ENOSPC): "free space and run the same command again.",
    errno.EFBIG: "allow larger files (`ulimit -f unlimited`) and run the same command again.",
    errno.EROFS: "choose another folder, or make its file system writable.",
    errno.EACCES: _CLOSE,
    errno.EPERM: _CLOSE,
    errno.EIO: "check the disk, and run the same command again.",
}


class Interrupted(Exception):  # noqa: N818 - a requested stop is no error
    """The user or the system stopped the run; everything is saved.

    Attributes:
        signal_name: Name of the signal, one of `system.STOP_SIGNALS`.
        step: Last finished step, which the latest checkpoint holds.
    """

    def __init__(self, signal_name: str, *, step: int) -> None:
        """Set the message: the signal and the saved step."""
        super().__init__(f"stopped by {signal_name} after step {step}; everything is saved.")
        self.signal_name = signal_name
        self.step = step

    @property
    def exit_status(self) -> int:
        """Return the exit status of a process that the signal stopped."""
        return 128 + signal.Signals[self.signal_name]


def run_command(
    main: Callable[[], None],
    *,
    shared: Sequence[ModuleType] = (),
    guard: Callable[[Callable[[], None]], None] | None = None,
) -> None:
    """Run a program; bad input gives one sentence and exit status 2.

    Args:
        main: The program, called after the flags are parsed. `--help` prints the docstring and
            the flags of its module.
        shared: Further modules whose flags it has.
        guard: Function that calls the program and ends the process after errors; None for
            `run_guarded`.

    Raises:
        SystemExit: 2 after bad input; 128 + signal after a requested stop.
    """
    make_output_lasting()
    parse = functools.partial(_parse, program=sys.modules[main.__module__], shared=shared)
    app.run(lambda _: _guarded(main, guard or run_guarded), flags_parser=parse)


def check_config_file(path: Path) -> None:
    """Raise if a config file doesn't exist, and name the most similar one that does.

    Args:
        path: Path of the file, without its preset.

    Raises:
        FileNotFoundError: The file is missing.
    """
    if path.exists():
        return
    known = [str(path.parent / file.name) for file in path.parent.glob("*.py")]
    near = difflib.get_close_matches(str(path), known, n=1) or ["configs/super_xception.py"]
    raise FileNotFoundError(
        f"`--config` must name a config file, got `{path}`, which doesn't exist; "
        f"did you mean `{near[0]}`?"
    )


def build_config(config_file: str, *, overrides: Sequence[str]) -> ConfigDict:
    """Load a config as the flags `--config=… --config.<field>=<value>` of a program would.

    Args:
        config_file: Path and preset, such as `configs/xception.py:bioimage`.
        overrides: Fields and values, such as `training.epochs=10`.

    Returns:
        The locked config.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: The preset, a field or a value is invalid.
    """
    from ml_collections import config_flags

    check_config_file(Path(config_file.partition(":")[0]))
    argv = ["build_config", f"--config={config_file}", *(f"--config.{one}" for one in overrides)]
    values = flags.FlagValues()
    holder = config_flags.DEFINE_config_file("config", flag_values=values, sys_argv=argv)
    try:
        _read_flags(values, argv)
    except FLAG_ERRORS as error:
        raise ValueError(f"`{config_file}`: {_explain(error, argv)}") from error
    return holder.value


def _parse(argv: Sequence[str], *, program: ModuleType, shared: Sequence[ModuleType]) -> list[str]:
    if HELP.intersection(argv[1:]):
        if hasattr(signal, "SIGPIPE"):
            # `--help | head` ends without an error.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        shown = (program, *shared, sys.modules[__name__])
        print(program.__doc__, *map(flags.FLAGS.module_help, shown), sep="\n")
        sys.exit(0)
    try:
        rest = _read_flags(flags.FLAGS, argv)
    except FLAG_ERRORS as error:
        _fail(ValueError(_explain(error, argv)))
    if len(rest) > 1:
        first = flags.FLAGS.get_key_flags_for_module(program)[0].name
        _fail(
            ValueError(
                f"`{rest[1]}` must be a flag such as `--{first}=…`, got a word alone; a value with "
                f'spaces needs quotes (`--{first}="… …"`); see `--help`.'
            )
        )
    return rest


def _read_flags(values: flags.FlagValues, argv: Sequence[str]) -> list[str]:
    # A config file that fails to load prints its traceback; the error message is enough.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        return values(argv)


def _guarded(main: Callable[[], None], guard: Callable[[Callable[[], None]], None]) -> None:
    logging.set_verbosity(logging.WARNING)
    if CACHE.value != "off":
        import jax

        folder = os.path.expanduser(CACHE.value)
        if not folder.startswith("~"):  # Who has no home folder has no cache.
            jax.config.update("jax_compilation_cache_dir", os.path.abspath(folder))
    guard(main)


def run_guarded(main: Callable[[], None]) -> None:
    """Run the work of a program; signals, bad input and a full disk give a sentence and a status.

    Args:
        main: The work.

    Raises:
        SystemExit: 2 after bad input; 128 + signal after a requested stop.
    """
    try:
        with stop_at_signals():
            main()
    except (Interrupted, KeyboardInterrupt) as stop:
        asked = stop if isinstance(stop, Interrupted | Stopped) else Stopped("SIGINT")
        notes = getattr(stop, "__notes__", ["Run the same command again."])
        print("\n" + "\n".join([str(asked), *notes]), file=sys.stderr)
        sys.exit(128 + signal.Signals[asked.signal_name])
    except (*USER_ERRORS, RuntimeError) as error:
        if not isinstance(error, USER_ERRORS) and str(error) != _NO_HOME:
            raise  # A fault of the program or of a device.
        if os.environ.get("SUPERXCEPTION_TRACEBACK"):
            raise
        _fail(error)


@contextlib.contextmanager
def resuming(how: str = RESUMES) -> Iterator[None]:
    """Say how to go on with work that keeps what it has done, if a signal stops it.

    Args:
        how: Sentence for the user; empty for work that doesn't.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        if how:
            stop.add_note(how)
        raise


def _fail(error: BaseException) -> NoReturn:
    print(f"error: {_sentence(error)}", file=sys.stderr)
    sys.exit(2)


def _sentence(error: BaseException) -> str:
    if str(error) == _NO_HOME:
        return "a path begins with `~`, which names no home folder here; write the whole path."
    if isinstance(error, OSError) and error.errno in _REMEDIES:
        place = f": {os.fsdecode(error.filename)}" if error.filename else ""
        return f"{error.strerror}{place}; {_REMEDIES[error.errno]}"
    text = str(error.args[0] if isinstance(error, KeyError | AttributeError) else error)
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        # A config file that failed: the last line of its traceback holds the message.
        lines = [lines[-1].split(": ", 1)[-1]]
    return "\n".join(lines)


def _explain(error: BaseException, argv: Sequence[str]) -> str:
    """Return what is wrong with the flags: of a config field by its path, type and neighbours."""
    matches = [_FIELD.fullmatch(argument) for argument in argv]
    given = {match[1]: match[2] for match in matches if match}
    file = next((text[len("--config=") :] for text in argv if text.startswith("--config=")), "")
    if not given or not file:
        return _sentence(error)
    try:
        fields = _fields(build_config(file, overrides=()))
    except (ValueError, OSError):
        # The file itself is wrong, not a field.
        return _sentence(error)
    for path, text in given.items():
        if path not in fields:
            hint = _nearest_field(path, list(fields))
            return f"`--config.{path}` must be a field of the config, got an unknown one; {hint}"
        if text is not None and not _is_value(text, fields[path]):
            return (
                f"`--config.{path}` must be {_KINDS[type(fields[path])]}, got `{text}`; correct it."
            )
    return _sentence(error)


def _fields(config: ConfigDict, prefix: str = "") -> dict[str, object]:
    """Return the values of all fields by path, such as `training.epochs`."""
    fields: dict[str, object] = {}
    for name, value in config.items():
        inner = _fields(value, f"{prefix}{name}.") if hasattr(value, "items") else {}
        fields |= inner or {prefix + name: value}
    return fields


def _nearest_field(path: str, fields: Sequence[str]) -> str:
    """Return a hint: the field of the same name in another section, or the most similar path."""
    name = path.rpartition(".")[2]
    near = [field for field in fields if field.rpartition(".")[2] == name]
    near = near or difflib.get_close_matches(path, fields, n=1)
    return f"did you mean `--config.{near[0]}`?" if near else "see configs/base.py for all fields."


def _is_value(text: str, default: object) -> bool:
    """Return whether a text can be the value of a field with this default."""
    if isinstance(default, bool):
        return text.lower() in ("true", "false", "1", "0")
    try:
        if isinstance(default, int | float):
            type(default)(text)
    except ValueError:
        return False
    return True
