#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A telephone book with a deliberate fault: what is asked for goes through a shell.

GET /find?name=NAME answers with the lines of people.txt that contain NAME. Never use this for
anything but showing what happens when somebody asks for "x; cat /etc/shadow".
"""
import http.server
import os
import subprocess
import sys
import urllib.parse

PORT = 8089
HERE = os.path.dirname(os.path.abspath(__file__))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        name = query.get("name", [""])[0]
        # The fault: NAME is part of a command.
        result = subprocess.run("grep %s %s/people.txt" % (name, HERE), shell=True, check=False,
                                executable="/bin/bash",
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(result.stdout)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    http.server.HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
