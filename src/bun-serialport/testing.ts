export { createFakePort, type FakePeer, type FakePortOptions } from "./fake-port.ts";
export { openPty, type Pty, type PtyOptions } from "./pty.ts";
