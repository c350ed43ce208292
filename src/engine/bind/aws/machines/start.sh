#!/bin/bash
# Starts a small web server that answers health checks; replace it with your program.
set -eu
parameter="${settings}"
port="${port}"
dnf install -y amazon-cloudwatch-agent || echo "no agent: logs stay on this machine"
mkdir -p /opt/app /var/log/app
cat > /opt/app/server.py <<'PROGRAM'
import http.server
import json
import sys


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"status": "ok"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Health).serve_forever()
PROGRAM
# Settings come from Systems Manager each time that the service starts.
cat > /opt/app/settings.sh <<PROGRAM
#!/bin/bash
aws ssm get-parameter --name "$parameter" --query Parameter.Value --output text |
  python3 -c 'import json, sys; [print(k + "=" + json.dumps(v)) for k, v in json.load(sys.stdin).items()]' > /opt/app/settings.env
PROGRAM
chmod 0755 /opt/app/settings.sh
cat > /etc/systemd/system/app.service <<PROGRAM
[Unit]
After=network-online.target
Wants=network-online.target

[Service]
ExecStartPre=-+/opt/app/settings.sh
EnvironmentFile=-/opt/app/settings.env
ExecStart=/usr/bin/python3 /opt/app/server.py $port
DynamicUser=yes
AmbientCapabilities=CAP_NET_BIND_SERVICE
StandardOutput=append:/var/log/app/app.log
StandardError=append:/var/log/app/app.log
Restart=always

[Install]
WantedBy=multi-user.target
PROGRAM
systemctl daemon-reload
systemctl enable --now app.service
cat > /opt/app/agent.json <<'PROGRAM'
{"logs": {"logs_collected": {"files": {"collect_list": [{"file_path": "/var/log/app/app.log", "log_group_name": "${logs}", "log_stream_name": "{instance_id}"}]}}}}
PROGRAM
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:/opt/app/agent.json || true
