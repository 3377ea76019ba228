import { afterEach, describe, expect, test } from "bun:test";
import { createPublicKey } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { makeMain } from "../../src/tls/load-tls.ts";
import { machineNames } from "../../src/tls/machine-names.ts";
import { selfSigned, type SelfSigned } from "../../src/tls/self-signed-store.ts";
import type { ServedCertificate } from "../../src/tls/served-certificate.ts";
import { hasOpenssl, openssl } from "../support/certificates.ts";

const DAY_MS = 86_400_000;
const nowMs = Date.now();
const machine = { names: ["rack7", "rack7.example"], addresses: ["192.0.2.7", "2001:db8::7"] };

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-tls-"));
  folders.push(folder);
  return folder;
}

interface StartOptions {
  readonly at?: number;
  readonly names?: readonly string[];
  readonly isClockSet?: boolean;
  readonly inUse?: ServedCertificate;
}

/** Starts with what the folder holds. */
const start = (
  directory: string | undefined,
  { at = nowMs, names = machine.names, isClockSet = true, inUse }: StartOptions = {},
): Promise<SelfSigned> =>
  selfSigned({ directory, machine: { ...machine, names }, neededNames: names, nowMs: at, isClockSet, inUse });

const publicKeyOf = ({ served }: SelfSigned) =>
  createPublicKey(served.certificate).export({ type: "spki", format: "pem" });

const certificateOf = (text: string) => text.slice(0, text.indexOf("-----BEGIN PRIVATE"));
const keyOf = (text: string) => text.slice(text.indexOf("-----BEGIN PRIVATE"));
describe.skipIf(!hasOpenssl)("a certificate that is made (needs openssl)", () => {
  test("is what OpenSSL takes for a server's, and for nothing else", async () => {
    const folder = newFolder();
    const { served, reason, notKept } = await start(join(folder, "tls"));
    expect([reason, notKept]).toEqual(["there was none", undefined]);
    const file = join(folder, "tls", "self-signed.pem");
    expect(served.path).toBe(file);
    const check = (...more: string[]) => openssl("verify", "-x509_strict", "-CAfile", file, ...more, file);
    for (const more of [
      ["-verify_hostname", "rack7.example"],
      ["-verify_ip", "2001:db8::7"],
      ["-purpose", "sslserver"],
    ])
      expect(check(...more)).toContain("OK");
    for (const more of [
      ["-verify_hostname", "other.example"],
      ["-verify_ip", "192.0.2.8"],
      ["-purpose", "sslclient"],
    ])
      expect(() => check(...more)).toThrow("verification failed");
    const text = openssl("x509", "-in", file, "-noout", "-text");
    expect(text).toContain("ASN1 OID: prime256v1");
    expect(text).toContain("ecdsa-with-SHA256");
    expect(text).toContain("CA:FALSE");
    expect(text).toContain("CN = rack7");
    expect(openssl("x509", "-in", file, "-noout", "-fingerprint", "-sha256")).toContain(served.leaf.fingerprint256);
  });

  test("is valid for 825 days at most, from a day ago", async () => {
    const { leaf } = (await start(newFolder())).served;
    expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBe(825 * DAY_MS);
    expect(nowMs - leaf.validFromDate.getTime()).toBeGreaterThanOrEqual(DAY_MS);
  });

  test("has another key and serial number on each machine", async () => {
    const [one, other] = [await start(newFolder()), await start(newFolder())];
    expect(publicKeyOf(one)).not.toBe(publicKeyOf(other));
    expect(one.served.leaf.serialNumber).not.toBe(other.served.leaf.serialNumber);
  });

  test("is kept, with its key for its owner alone", async () => {
    const folder = newFolder();
    const first = await start(folder);
    const second = await start(folder, { at: nowMs + 700 * DAY_MS });
    expect(second).toEqual({ served: first.served, reason: undefined, notKept: undefined });
    expect(statSync(join(folder, "self-signed.pem")).mode & 0o777).toBe(0o600);
  });

  test("is renewed 30 days before its end, with the same key", async () => {
    const folder = newFolder();
    const first = await start(folder);
    const endMs = first.served.expiresMs;
    expect((await start(folder, { at: endMs - 30 * DAY_MS })).reason).toBeUndefined();
    const renewed = await start(folder, { at: endMs - 30 * DAY_MS + 1000 });
    expect(renewed.reason).toBe("the one before expires");
    expect(renewed.served.leaf.fingerprint256).not.toBe(first.served.leaf.fingerprint256);
    expect(publicKeyOf(renewed)).toBe(publicKeyOf(first));
    expect((await start(folder, { at: endMs })).served).toEqual(renewed.served);
  });

  test("is made anew where the clock has jumped back before it, or ahead past its end", async () => {
    const folder = newFolder();
    const at = nowMs - 20_000 * DAY_MS;
    const { served } = await start(folder);
    expect((await start(folder, { at, isClockSet: false })).served).toEqual(served);
    expect((await start(folder, { at })).reason).toBe("the one before is of the future");
    expect((await start(folder)).reason).toBe("the one before expires");
    expect((await start(folder)).reason).toBeUndefined();
  });

  test("is made anew for further names, and not for fewer", async () => {
    const folder = newFolder();
    await start(folder);
    const names = [...machine.names, "new.example"];
    expect((await start(folder, { names })).reason).toBe("the one before is not for new.example");
    expect((await start(folder)).reason).toBeUndefined();
  });

  test("takes the place of one that is damaged, cut off, of another key, or empty", async () => {
    const folder = newFolder();
    const file = join(folder, "self-signed.pem");
    await start(folder);
    const good = readFileSync(file, "latin1");
    await start(newFolder());
    const otherFolder = newFolder();
    await start(otherFolder);
    const other = readFileSync(join(otherFolder, "self-signed.pem"), "latin1");
    const damaged = [
      "",
      "\0\0\0",
      good.slice(0, 300),
      certificateOf(good),
      keyOf(good),
      certificateOf(good) + keyOf(other),
    ];
    for (const text of damaged) {
      writeFileSync(file, text);
      expect((await start(folder)).reason).toMatch(/cannot be used|do not belong together/);
      expect((await start(folder)).reason).toBeUndefined();
    }
  });

  test("takes the place of one whose key others may read", async () => {
    const folder = newFolder();
    const first = await start(folder);
    chmodSync(join(folder, "self-signed.pem"), 0o644);
    const second = await start(folder);
    expect(second.reason).toContain("others may read or change this key (mode 644)");
    expect(publicKeyOf(second)).not.toBe(publicKeyOf(first));
    expect((await start(folder)).served).toEqual(second.served);
  });

  test("does not take the place of one that only cannot be read for now", async () => {
    const folder = newFolder();
    const file = join(folder, "self-signed.pem");
    const { served: inUse } = await start(folder);
    renameSync(file, `${file}.aside`);
    symlinkSync(file, file);
    const meanwhile = await start(folder);
    expect(meanwhile.reason).toContain("ELOOP");
    expect(meanwhile.notKept?.message).toContain("ELOOP");
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    // While it runs, nobody is shown another.
    expect(await start(folder, { inUse })).toEqual({ served: inUse, reason: undefined, notKept: undefined });
    renameSync(`${file}.aside`, file);
    expect((await start(folder, { inUse: meanwhile.served })).served).toEqual(inUse);
  });

  test("goes on at a reload where nothing can be kept, and is renewed with its key", async () => {
    const first = await start(undefined);
    expect((await start(undefined, { inUse: first.served })).served).toEqual(first.served);
    const renewed = await start(undefined, { inUse: first.served, at: first.served.expiresMs });
    expect(renewed.reason).toBe("the one before expires");
    expect(publicKeyOf(renewed)).toBe(publicKeyOf(first));
  });

  test("is served where it cannot be kept, too", async () => {
    const file = join(newFolder(), "file");
    writeFileSync(file, "");
    const { served, notKept } = await start(join(file, "tls"));
    expect(notKept?.message).toContain("ENOTDIR");
    expect(served.leaf.checkHost("rack7")).toBe("rack7");
    expect((await start(undefined)).served.path).toBe("the certificate made at this start");
  });
});

describe("the machine's names", () => {
  test("that are asked for are in the certificate however they are spelled, or a warning says that they are not", async () => {
    const directory = newFolder();
    const selfSignedNames = ["::FFFF:192.0.2.9", "2001:DB8:0::1", "*.Lab.example", "rack-.example", "fe80::1"];
    const settings = { certificate: null, further: [], clientCa: null, selfSignedNames };
    const make = () => makeMain(settings, { directory, nowMs, isClockSet: true });
    const first = await make();
    expect(first.warnings).toEqual([
      expect.stringMatching(/^tls\.self_signed_names: rack-\.example is nothing/),
      expect.stringMatching(/^tls\.self_signed_names: fe80::1 is nothing/),
    ]);
    for (const address of ["192.0.2.9", "2001:db8::1"]) expect(first.main.leaf.checkIP(address)).toBe(address);
    expect(first.main.leaf.checkHost("a.lab.example")).toBeDefined();
    expect((await make()).madeBecause).toBeUndefined();
  });

  test("are its own and further ones, addresses without those of a link", () => {
    const { names, addresses } = machineNames(["Rack.Example", "192.0.2.1", "2001:db8::1", "fe80::1", "*.lab.example"]);
    expect(names).toContain(hostname().toLowerCase());
    for (const name of ["localhost", "rack.example", "*.lab.example"]) expect(names).toContain(name);
    for (const address of ["127.0.0.1", "::1", "192.0.2.1", "2001:db8::1"]) expect(addresses).toContain(address);
    for (const address of [...names, ...addresses]) expect(address).not.toMatch(/^fe80|%/);
    expect(new Set(addresses).size).toBe(addresses.length);
  });
});
