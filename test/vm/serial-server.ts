/**
 * Opens a serial port as it is told to over HTTP, for the machine in the tests: bun-serialport on a real UART.
 *
 * serial-server TTY PORT: POST /open with SerialPort's options, /rate with a number, /lines with { rts, dtr }, /break with milliseconds,
 * /write with bytes, GET /lines, GET /read?bytes=N, POST /close. What fails is answered with status 422 and the error's code.
 */
import { type ModemOutputs, SerialPort, SerialPortError, type SerialPortOptions } from "bun-serialport";

const [tty = "/dev/ttyAMA0", tcpPort = "5001"] = process.argv.slice(2);
let port: SerialPort | undefined;
let received: number[] = [];
let arrived = Promise.withResolvers<void>();

const opened = (): SerialPort => {
  if (port === undefined) throw new Error("no port is open");
  return port;
};

const handlers: Readonly<Record<string, (request: Request, url: URL) => Promise<unknown>>> = {
  "POST /open": async (request) => {
    const options: SerialPortOptions = JSON.parse(await request.text());
    port = await SerialPort.open(tty, options);
    received = [];
    port.subscribe({
      data: (bytes) => {
        received.push(...bytes);
        arrived.resolve();
        arrived = Promise.withResolvers();
      },
      lost: (error) => console.error(error),
    });
    return true;
  },
  "POST /rate": async (request) => await opened().setBaudRate(Number(await request.text())),
  "POST /lines": async (request) => {
    const outputs: ModemOutputs = JSON.parse(await request.text());
    return await opened().setModemLines(outputs);
  },
  "GET /lines": async () => opened().getModemLines(),
  "POST /break": async (request) => await opened().sendBreak(Number(await request.text())),
  "POST /write": async (request) => {
    await opened().write(new Uint8Array(await request.arrayBuffer()));
    await opened().drain();
  },
  "GET /read": async (_request, url) => {
    while (received.length < Number(url.searchParams.get("bytes"))) await arrived.promise;
    return received.splice(0);
  },
  "POST /close": async () => await opened().close(),
};

Bun.serve({
  port: Number(tcpPort),
  idleTimeout: 60,
  async fetch(request) {
    const url = new URL(request.url);
    try {
      const handler = handlers[`${request.method} ${url.pathname}`];
      return Response.json((await handler?.(request, url)) ?? null, { status: handler ? 200 : 404 });
    } catch (error) {
      return Response.json(error instanceof SerialPortError ? error.code : String(error), { status: 422 });
    }
  },
});
