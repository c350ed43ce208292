// Hears webhooks, verifies each with the library of the specification, and says
// on a line of its own what came of it. The secrets are the lines of a file that
// others write while this runs.
import fs from "node:fs";
import http from "node:http";
import { Webhook } from "standardwebhooks";

const file = process.argv[2];
const secrets = () => fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
const verified = (body, headers) =>
  secrets().some((secret) => {
    try {
      new Webhook(secret).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  });

const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    // The first message may be here before anybody could tell its secret; it comes again.
    if (secrets().length === 0) return response.writeHead(503).end();
    const body = Buffer.concat(parts).toString();
    const genuine = verified(body, request.headers);
    // A library that lets through what was altered would prove nothing.
    const altered = verified(`${body} `, request.headers);
    const { type, data } = JSON.parse(body);
    console.log(JSON.stringify({ genuine, altered, id: request.headers["webhook-id"], type, subject: data.subject?.id }));
    response.writeHead(204).end();
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
