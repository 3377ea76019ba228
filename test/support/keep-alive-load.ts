/**
 * Asks for one path over and over, on several connections in a process of its own, and prints what came of it:
 * `keep-alive-load.ts PORT CONNECTIONS kept|new`. With `new`, each connection is for one request. Ends when standard input does. Nothing is tried a second time, as HTTP clients would.
 */
import { connect } from "node:tls";

const [port = 0, connections = 1] = process.argv.slice(2).map(Number);
const isKept = process.argv[4] !== "new";
const REQUEST = "GET /opendcre/1.2/test HTTP/1.1\r\nHost: localhost\r\n\r\n";
const counts = { answers: 0, connections: 0, lastOnes: 0 };
const failures: string[] = [];
const over = { isOver: false };

/** One connection, used until the server says that it was for the last time. */
function useConnection(): Promise<void> {
  return new Promise((resolve) => {
    counts.connections += 1;
    let isWaiting = true;
    let held = "";
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    const ask = () => {
      isWaiting = true;
      socket.write(REQUEST);
    };
    socket.setEncoding("latin1");
    socket.on("secureConnect", ask);
    socket.on("data", (text: string) => {
      held += text;
      const end = held.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(held)?.[1] ?? Number.NaN);
      if (end < 0 || held.length < end + 4 + length) return;
      if (held.startsWith("HTTP/1.1 200 ")) counts.answers += 1;
      else failures.push(held.slice(0, 100));
      isWaiting = false;
      const isLast = /connection: close/i.test(held);
      held = "";
      if (isLast) counts.lastOnes += 1;
      if (isLast || over.isOver || !isKept || failures.length > 0) socket.end();
      else ask();
    });
    socket.on("error", (error) => void failures.push(error.message));
    socket.on("close", () => {
      if (isWaiting) failures.push("closed before the answer");
      resolve();
    });
  });
}

async function work(): Promise<void> {
  while (!over.isOver && failures.length === 0) await useConnection();
}

process.stdin.resume();
process.stdin.on("end", () => void (over.isOver = true));
await Promise.all(Array.from({ length: connections }, work));
console.log(JSON.stringify({ ...counts, failures }));
process.exit(0);
