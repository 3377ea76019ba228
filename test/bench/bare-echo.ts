// The floor for the bus: a frame's worth of bytes to the other end of a PTY and back, with the driver alone. Prints the median in ms.
import { SerialPort } from "bun-serialport";
import { openPty } from "bun-serialport/testing";
import { median } from "./statistics.ts";

const ROUNDS = 20_000;
const message = Uint8Array.from({ length: 13 }, (_, index) => index);

const pty = openPty();
pty.port.subscribe({ data: (bytes) => void pty.port.write(bytes), lost: () => undefined });
const port = await SerialPort.open(pty.path, { baudRate: 115_200 });
let arrived = Promise.withResolvers<void>();
let missing = 0;
port.subscribe({
  data(bytes) {
    missing -= bytes.length;
    if (missing === 0) arrived.resolve();
  },
  lost: (error) => arrived.reject(error),
});
const latenciesMs: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  arrived = Promise.withResolvers<void>();
  missing = message.length;
  const sentMs = performance.now();
  await port.write(message);
  await arrived.promise;
  latenciesMs.push(performance.now() - sentMs);
}
console.log(median(latenciesMs.slice(ROUNDS / 10)));
await port.close();
await pty.close();
