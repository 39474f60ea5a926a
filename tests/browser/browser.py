#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# browser.py chromium|firefox DIRECTORY MODULES KEY=VALUE... - a browser that is a SIP phone
#
# It loads the page phone.html from this program, at localhost, which browsers trust as https. The
# page gets its commands from here: the words in DIRECTORY/do, which is removed then. What it sees
# and hears is in DIRECTORY/stats, a line of NAME=VALUE; SDP and errors are in DIRECTORY/page.
# MODULES is the directory node_modules with JsSIP. KEY=VALUE: settings of the page, in phone.js.
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))

FIREFOX = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "media.autoplay.blocking_policy": 0,
    "media.autoplay.default": 0,
    "media.autoplay.block-webaudio": False,
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.manage-offline-status": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
    "trailhead.firstrun.didSeeAboutWelcome": True,
}


def bundle(modules):
    """JsSIP and what it requires, as one script that defines JsSIP"""
    sources, names = [], {}

    def entry(package):
        about = json.load(open(f"{package}/package.json"))
        main = about["browser"] if isinstance(about.get("browser"), str) else about["main"]
        return file_of(os.path.normpath(f"{package}/{main}"))

    def file_of(path):
        return next(name for name in (path, path + ".js", path + "/index.js") if os.path.isfile(name))

    def add(path):
        if path in names:
            return names[path]
        names[path] = number = len(names)
        text, needs = open(path).read(), {}
        if path.endswith(".json"):
            text = "module.exports = " + text
        else:
            for word in set(re.findall(r"""require\(["']([^"']+)["']\)""", text)):
                if word.startswith("."):
                    needs[word] = add(file_of(os.path.normpath(f"{os.path.dirname(path)}/{word}")))
                else:
                    needs[word] = add(entry(f"{modules}/{word}"))
        sources.append(f"[{number}, {json.dumps(needs)}, function(module, exports, require) {{\n{text}\n}}]")
        return number

    first = add(entry(f"{modules}/jssip"))
    return f"""const JsSIP = (() => {{
const table = new Map([{','.join(sources)}].map(([number, needs, run]) => [number, {{ needs, run }}]));
function load(number) {{
    const one = table.get(number);
    if (!one.module) {{
        one.module = {{ exports: {{}} }};
        one.run.call(one.module.exports, one.module, one.module.exports, word => load(one.needs[word]));
    }}
    return one.module.exports;
}}
return load({first});
}})();
"""


def serve(directory, modules):
    files = {
        "/": ("text/html", open(f"{HERE}/phone.html").read()),
        "/phone.js": ("text/javascript", open(f"{HERE}/phone.js").read()),
        "/jssip.js": ("text/javascript", bundle(modules)),
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, kind, text, status=200):
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind + "; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            path = self.path.split("?")[0]
            if path == "/do":
                self.answer("text/plain", next_command(directory))
            elif path in files:
                self.answer(*files[path])
            else:
                self.answer("text/plain", "not found", 404)

        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/stats":
                with open(f"{directory}/stats.new", "w") as file:
                    file.write(text + "\n")
                os.replace(f"{directory}/stats.new", f"{directory}/stats")
            else:
                with open(f"{directory}/page", "a") as file:
                    file.write(f"{time.time():.3f} {text}\n")
            self.answer("text/plain", "")

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def next_command(directory):
    """Within a second: the page asks again"""
    end = time.monotonic() + 1
    while time.monotonic() < end:
        try:
            os.rename(f"{directory}/do", f"{directory}/done")
            with open(f"{directory}/done") as file:
                return file.read().strip()
        except FileNotFoundError:
            time.sleep(0.02)
    return ""


# Not without need: a page that may use a camera tells addresses, any other one only names.
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def command_line(kind, directory, url):
    profile = f"{directory}/profile"
    os.makedirs(profile, exist_ok=True)
    if kind == "chromium":
        return [
            "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--autoplay-policy=no-user-gesture-required",
            *(CAMERA if "camera=1" in url else []), f"--user-data-dir={profile}", url,
        ]
    with open(f"{profile}/user.js", "w") as file:
        for name, value in FIREFOX.items():
            file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
    return ["firefox-esr", "--headless", "--no-remote", "--profile", profile, url]


def sound_card(directory, home, log):
    """Firefox starts no AudioContext without one, Chromium does"""
    home["PULSE_SERVER"] = f"unix:{directory}/sound"
    home["PULSE_RUNTIME_PATH"] = f"{directory}/sound.d"
    return subprocess.Popen(["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                             "--load=module-null-sink",
                             f"--load=module-native-protocol-unix auth-anonymous=1 socket={directory}/sound"],
                            env=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                            start_new_session=True)


def main(kind, directory, modules, *settings):
    port = serve(directory, modules)
    query = urllib.parse.urlencode(dict(word.split("=", 1) for word in settings))
    home = dict(os.environ, HOME=directory, XDG_CONFIG_HOME=directory, XDG_CACHE_HOME=directory)
    log = open(f"{directory}/browser", "w")
    sound = sound_card(directory, home, log) if kind == "firefox" else None
    browser = subprocess.Popen(command_line(kind, directory, f"http://localhost:{port}/?{query}"),
                               env=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                               start_new_session=True)

    def stop(*_):
        for one in (browser, sound):
            try:
                os.killpg(one.pid, signal.SIGKILL)
            except (AttributeError, ProcessLookupError):
                pass
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    browser.wait()
    print(f"{kind} has ended with status {browser.returncode}", file=sys.stderr)
    stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
