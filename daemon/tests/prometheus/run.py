"""Lets a real Prometheus scrape the daemon on a simulated board, and lets happen what each shipped alert is for."""

import base64
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

RULES = pathlib.Path(__file__).resolve().parents[2] / "share" / "prometheus"
# More than anything takes on a busy machine.
PATIENCE = 120
# What a simulated node's agent never says: `promtool test rules` shows these.
NOT_SIMULATED = {"ClusterhatNodeHot", "ClusterhatNodeUnderVoltage"}
# How the daemon's metrics and the alerts are asked for.
CONFIGURATION = """
global: {{scrape_interval: 2s, evaluation_interval: 500ms}}
rule_files: [{rules}]
"""
PAGE = pathlib.Path(__file__).resolve().parents[3] / "packages/man/clusterhatd.8"


def scraped(names):
    """As clusterhatd(8) shows it, with the paths and the port of this test."""
    _, rest = PAGE.read_text().split("\nscrape_configs:\n")
    text = "scrape_configs:\n" + rest.split("\n.fi\n")[0].replace("\\-", "-") + "\n"
    shown = {"token": "/etc/prometheus/clusterhat.token", "certificate": "/etc/prometheus/clusterhat.pem", "target": "127.0.0.1:8443"}
    for name, path in shown.items():
        assert path in text, path
        text = text.replace(path, str(names[name]))
    return text


def direct(*handlers):
    """Opens URLs without the proxy that the environment may name."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)


class Daemon:
    """A daemon on a simulated board that a test changes while it runs."""

    def __init__(self, program, folder):
        self.file = folder / "board.json"
        self.board = {
            "hat": {"product": "ZC4:ClusterHAT", "product_ver": "0x0025"},
            "chips": {"1": {"kind": "xra", "r": [0, 255, 0, 255, 255], "ext": [0, 0, 0, 0, None, None, None, 0]}},
            "clusterhat_toml": "delay = 0\n",
            "nodes": {"p1": {"boots_in": 0}, "p2": {"stays": "boot-rom"}, "p3": {"stays": "powered"}},
            "throttled": 0,
        }
        self.file.write_text(json.dumps(self.board))
        command = [program, "--sim", self.file, "--listen", "127.0.0.1:0", "--socket", folder / "socket"]
        command += ["--state-dir", folder / "state", "--consoles-dir", folder / "consoles"]
        with open(folder / "daemon.log", "w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env={"XDG_RUNTIME_DIR": folder})
        first = json.loads(self.process.stdout.readline())
        self.url = first["url"]
        self.certificate = folder / "state" / "certificate.pem"
        self.context = ssl.create_default_context(cafile=self.certificate)
        self.opener = direct(urllib.request.HTTPSHandler(context=self.context))
        self.user = "Basic " + base64.b64encode(f"admin:{first['password']}".encode()).decode()

    def ask(self, path, body=None, user=None):
        """A status, and a body."""
        headers = {"Authorization": user or self.user, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with self.opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def guess(self, address):
        """Guesses a token from an address, until it is made to wait."""
        host, port = self.url.removeprefix("https://").split(":")
        connection = http.client.HTTPSConnection(host, int(port), context=self.context, source_address=(address, 0))
        for _ in range(10):
            connection.request("GET", "/metrics", headers={"Authorization": "Bearer guess"})
            assert connection.getresponse().read()
        connection.close()

    def switch(self, node, action):
        status, text = self.ask("/api/v1/power", {"nodes": [node], "action": action})
        assert status in (200, 202), text

    def change(self, **keys):
        """Changes the board as another process would: what the daemon wrote stays."""
        board = json.loads(self.file.read_text())
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(board | keys))
        new.rename(self.file)

    def power_p3_minutes_ago(self):
        """A node has two minutes to appear on the USB, which nobody is to wait for."""
        self.switch("p3", "on")
        lives = json.loads(self.file.read_text())["lives"]
        lives["nodes"]["1:0x20/3"]["on"] -= 200_000_000_000
        self.change(lives=lives)

    def end(self):
        self.process.terminate()
        self.process.wait()


class Prometheus:
    """A Prometheus with the shipped rules, sped up: what has to last for minutes has to last for a second."""

    def __init__(self, programs, folder, daemon, token):
        rules = (RULES / "clusterhat.rules.yml").read_text()
        self.alerts = set(re.findall(r"alert: (\w+)", rules))
        fast = re.sub(r"for: \d+m", "for: 1s", rules).replace("[10m]) > 0.1", "[1m]) > 0.1")
        (folder / "rules.yml").write_text(fast)
        (folder / "token").write_text(token)
        names = {
            "rules": folder / "rules.yml",
            "token": folder / "token",
            "certificate": daemon.certificate,
            "target": daemon.url.removeprefix("https://"),
        }
        (folder / "prometheus.yml").write_text(CONFIGURATION.format(**names) + scraped(names))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.url = "http://127.0.0.1:{}".format(free.getsockname()[1])
        command = [programs / "prometheus", f"--config.file={folder / 'prometheus.yml'}"]
        command += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={self.url.removeprefix('http://')}"]
        with open(folder / "prometheus.log", "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def ask(self, path):
        with direct().open(self.url + path, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]

    def value(self, query):
        """The first series' value; nothing where there is none, or nobody answers yet."""
        try:
            found = self.ask(f"/api/v1/query?query={urllib.parse.quote(query)}")["result"]
        except urllib.error.URLError:
            return None
        return float(found[0]["value"][1]) if found else None

    def firing(self):
        return {alert["labels"]["alertname"] for alert in self.ask("/api/v1/alerts")["alerts"] if alert["state"] == "firing"}

    def end(self):
        self.process.terminate()
        self.process.wait()


def until(what, is_so):
    start = time.monotonic()
    while not is_so():
        assert time.monotonic() - start < PATIENCE, f"{what}: did not happen"
        time.sleep(0.1)


def promtool(programs, *words, text=None):
    done = subprocess.run(
        [programs / "promtool", *words], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    # `check metrics` may complain and succeed.
    assert done.returncode == 0 and "lint" not in done.stdout, f"promtool {words}: {done.stdout}"


def let_happen(daemon):
    """What each alert is for, one by one: its name, and what causes it."""
    yield "ClusterhatNodeStuckInBootRom", lambda: daemon.switch("p2", "on")
    yield "ClusterhatNodeRestarts", lambda: [daemon.switch("p1", action) for action in ("on", "off") * 5]
    yield "ClusterhatGuessing", lambda: [daemon.guess(address) for address in ("127.0.0.2", "127.0.0.3")]
    yield "ClusterhatNodeFailed", daemon.power_p3_minutes_ago
    # Nothing is switched on from here on.
    yield "ClusterhatUnderVoltage", lambda: daemon.change(throttled=0x10001)
    yield "ClusterhatBusRetries", lambda: daemon.change(faults=[{"transfer": n, "kind": "nak"} for n in range(1, 5000, 2)])
    yield "ClusterhatBoardDown", lambda: daemon.change(faults=[{"transfer": 1, "kind": "nak", "lasting": True}])
    yield "ClusterhatDown", daemon.end


def main(program, programs, folder):
    program, programs, folder = [pathlib.Path(path).resolve() for path in (program, programs, folder)]
    promtool(programs, "check", "rules", RULES / "clusterhat.rules.yml")
    promtool(programs, "test", "rules", RULES / "clusterhat.test.yml")
    daemon = Daemon(program, folder)
    prometheus = None
    try:
        promtool(programs, "check", "metrics", text=daemon.ask("/metrics")[1])
        status, text = daemon.ask("/api/v1/tokens", {"name": "prometheus", "role": "read-only", "expires_in": 3600})
        assert status == 201, text
        prometheus = Prometheus(programs, folder, daemon, json.loads(text)["secret"])
        promtool(programs, "check", "config", folder / "prometheus.yml")
        until("a scrape", lambda: prometheus.value("clusterhat_board_up") == 1)
        assert prometheus.firing() == set(), prometheus.firing()
        expected = prometheus.alerts - NOT_SIMULATED
        for alert, cause in let_happen(daemon):
            cause()
            until(alert, lambda: alert in prometheus.firing())
            expected.remove(alert)
        assert not expected, f"nothing lets these happen: {expected}"
    finally:
        daemon.end()
        if prometheus:
            prometheus.end()


if __name__ == "__main__":
    main(*sys.argv[1:4])
    print("test result: 1 passed; 0 failed; 0 ignored")
