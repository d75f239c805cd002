"""Plays scenarios side by side, in a network of their own, and says what failed."""

import concurrent.futures
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from harness import ROOT, Failed, Scenario


def run(script, scenarios, side_by_side, playable=lambda binary, each: True):
    """What the command line of `script` asks for: [--logs] [MARTLET [SCENARIO…]]; the exit status."""
    arguments = sys.argv[1:]
    if "MARTLET_ISOLATED" not in os.environ:
        enter_namespace(script, arguments)
    shows_logs = arguments[:1] == ["--logs"]
    arguments = arguments[shows_logs:]
    binary = pathlib.Path(arguments[0] if arguments else ROOT / ".build/debug/martlet")
    wanted = arguments[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    chosen = [each for each in scenarios if not wanted or each.__name__ in wanted]
    if len(chosen) < len(set(wanted)):
        sys.exit("scenarios: " + " ".join(each.__name__ for each in scenarios))
    chosen = [each for each in chosen if playable(binary, each)]
    name = pathlib.Path(script).name
    with tempfile.TemporaryDirectory(prefix=f"martlet-{name}-") as directory:
        played = [
            Scenario(each.__name__, binary.resolve(), pathlib.Path(directory) / each.__name__)
            for each in chosen]
        try:
            pool = concurrent.futures.ThreadPoolExecutor(side_by_side)
            list(pool.map(lambda *pair: play(*pair, shows_logs), chosen, played))
        except BaseException:
            # Threads that wait cannot be told to stop.
            Scenario.is_over = True
            for scenario in played:
                scenario.end()
            shutil.rmtree(directory, ignore_errors=True)
            os._exit(1)
    return summed(name, played)


def summed(name, played):
    for scenario in played:
        if scenario.failures:
            print(f"FAILED {scenario.label}: {len(scenario.failures)} of "
                  f"{scenario.passed + len(scenario.failures)}")
    passed = sum(scenario.passed for scenario in played)
    failed = sum(len(scenario.failures) for scenario in played)
    skipped = sum(len(scenario.skipped) for scenario in played)
    print(f"{name}: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def enter_namespace(script, arguments):
    """A network of its own, where no port is taken."""
    for flags in (["-nm"], ["-rnm"]):
        if subprocess.run(["unshare", *flags, "ip", "link", "set", "lo", "up"],
                          capture_output=True).returncode == 0:
            os.environ["MARTLET_ISOLATED"] = "1"
            commands = 'ip link set lo up && exec "$@"'
            os.execvp("unshare", ["unshare", *flags, "sh", "-c", commands, "sh", sys.executable,
                                  script, *arguments])


def play(run, scenario, shows_logs):
    began = time.monotonic()
    try:
        run(scenario)
    except Failed as failure:
        scenario.failures.append(str(failure))
    except Exception:
        scenario.failures.append(traceback.format_exc())
    scenario.end()
    seconds = time.monotonic() - began
    lines = [f"{scenario.label}: {scenario.passed} passed, {seconds:.1f} s"]
    lines += [f"  {text}" for text in scenario.notes]
    lines += [f"skipped: {text}" for text in scenario.skipped]
    lines += [f"FAILED {scenario.label}: {text}" for text in scenario.failures]
    if scenario.failures or shows_logs:
        lines += [f"  {process.path.name}:\n{process.log}" for process in scenario.processes
                  if process.name == "martlet"]
    print("\n".join(lines), flush=True)
