"""Runs DMTF's validators and sushy against the daemon on simulated boards, all at once."""

import html
import json
import pathlib
import re
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).parent
PROFILE = HERE / "OpenStackIronicProfile.v1_2_0.json"
# A line of the service validator's log.
FOUND = re.compile(r" (FAIL|WARN) - (.*?): (.*)$")


class Daemon:
    """A daemon with a state of its own."""

    def __init__(self, program, simulation, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        command = [program, "--sim", simulation, "--listen", "127.0.0.1:0", "--socket", folder / "socket"]
        command += ["--state-dir", folder / "state", "--consoles-dir", folder / "consoles"]
        # A simulation is kept in the runtime folder.
        with open(folder / "log", "w") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env={"XDG_RUNTIME_DIR": folder}
            )
        first = json.loads(self.process.stdout.readline())
        self.url, self.password = first["url"], first["password"]
        self.certificate = folder / "state" / "certificate.pem"

    def end(self):
        self.process.terminate()
        self.process.wait()


def commands(daemon, scripts, schemas, boots_over_usb):
    """What each client is called with."""
    # A password may begin with a hyphen.
    user = ["--user=admin", f"--password={daemon.password}", f"--rhost={daemon.url}"]
    logs = ["--logdir", daemon.folder]
    return {
        "service": [scripts / "rf_service_validator", *user, *logs, "--schema_directory", schemas, "--skipschema"],
        "interop": [scripts / "rf_interop_validator", *user, *logs, PROFILE],
        "protocol": [
            scripts / "rf_protocol_validator", *user, "--report-dir", daemon.folder, "--report-type", "tsv",
            "--avoid-http-redirect", "--ca-bundle", daemon.certificate,
        ],
        "sushy": [sys.executable, HERE / "client.py", daemon.url, daemon.password, daemon.certificate, boots_over_usb],
    }


def findings(name, folder):
    """What a validator complains of, in its own words."""
    if name == "protocol":
        lines = [line.split("\t") for path in folder.glob("*.tsv") for line in path.read_text().splitlines()]
        return [" ".join([line[0], line[1], line[3], line[5]]) for line in lines if line[4] in ("FAIL", "WARN")]
    if name == "interop":
        return [words for path in folder.glob("*/*.html") for words in of_page(path.read_text())]
    lines = [line for path in folder.glob("*/*Debug*.log") for line in path.read_text().splitlines()]
    return [match[3] for line in lines if (match := FOUND.search(line))]


def of_page(page):
    """What is said before each verdict, with what it is about."""
    texts = [html.unescape(text).strip() for text in re.split(r"<[^>]*>", page)]
    texts = [text for text in texts if text]
    for index, text in enumerate(texts):
        if text in ("FAIL", "WARN") and "Error: " in texts[index - 1]:
            yield " ".join([*texts[index - 3 : index - 1], texts[index - 1].split(";")[0]])


def tally(name, output, folder):
    """How much passed, warned and failed; nothing where the validator did not come to its end."""
    if name == "sushy":
        return [1, 0, 0] if "sushy: done" in output else []
    if name == "protocol":
        counts = re.search(r"PASS: (\d+), WARN: (\d+), FAIL: (\d+)", re.sub(r"\x1b\[\d*m", "", output))
    else:
        counts = re.search(r"^\|\s+(\d+)\s+\|\s+(\d+)\s+\|\s+(\d+)\s+\|", output, re.MULTILINE)
    return [int(count) for count in counts.groups()] if counts else []


def check(name, simulation, arguments, expected, results):
    """One client, with a daemon of its own."""
    program, scripts, schemas, work, boots_over_usb = arguments
    daemon = Daemon(program, simulation, work / f"{name}-{simulation}")
    try:
        command = commands(daemon, scripts, schemas, boots_over_usb)[name]
        # The machine's own certificates would come before the daemon's.
        done = subprocess.run(
            command, cwd=daemon.folder, env={"PATH": "/usr/bin:/bin"}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
    finally:
        daemon.end()
    counts = tally(name, done.stdout, daemon.folder)
    found = findings(name, daemon.folder)
    known = [line for line in found if any(words in line for words in expected.get((name, simulation), []))]
    new = [line for line in found if line not in known]
    unmet = [words for words in expected.get((name, simulation), []) if not any(words in line for line in found)]
    # All that was counted has to be among what was found.
    is_whole = bool(counts) and sum(counts[1:]) == len(found)
    is_right = is_whole and not new and not unmet and (done.returncode == 0 or bool(known))
    told = "{} passed, {} warned, {} failed".format(*counts) if counts else "did not end"
    text = f"{name} on {simulation}: {told}, {len(known)} of them expected"
    text += "".join(f"\n  new: {line}" for line in new) + "".join(f"\n  not found any more: {line}" for line in unmet)
    results.append((is_right, text if is_right else f"{text}\n{done.stdout[-3000:]}"))


def read_expected():
    expected = {}
    for line in (HERE / "expected.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, simulation, words, _ = [part.strip() for part in line.split("|")]
            expected.setdefault((name, simulation), []).append(words)
    return expected


def main(program, scripts, schemas, work):
    program, scripts, schemas, work = [pathlib.Path(path).resolve() for path in (program, scripts, schemas, work)]
    expected, results = read_expected(), []
    checks = [(name, "v2.5", "") for name in ("service", "protocol", "interop", "sushy")]
    # Boards of other kinds have sensors, and a choice of what their nodes boot from.
    checks += [("service", "mixed", ""), ("interop", "triple", ""), ("sushy", "triple", "p1")]
    threads = []
    for name, simulation, boots_over_usb in checks:
        arguments = (program, scripts, schemas, work, boots_over_usb)
        threads.append(threading.Thread(target=check, args=(name, simulation, arguments, expected, results)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _, text in sorted(results, key=lambda result: result[1]):
        print(text)
    # A check that broke off has no result.
    passed = sum(is_right for is_right, _ in results)
    print(f"test result: {passed} passed; {len(checks) - passed} failed; 0 ignored")
    return passed == len(checks)


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:5]) else 1)
