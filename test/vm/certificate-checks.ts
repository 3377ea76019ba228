import { afterAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { Pki } from "../support/certificates.ts";
import type { Machine } from "./machine/machine.ts";

/** The fingerprint of the certificate that a new connection is shown. */
function shownAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw).fingerprint256);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

/** New certificates while it runs, on this kernel and under the package's unit: the sockets of the port are told apart by it. */
export function certificateChecks(there: () => Machine): void {
  const pki = new Pki();
  afterAll(() => pki.remove());

  /** Puts a new certificate in the place of the one before, and returns its fingerprint. */
  async function issue(): Promise<string> {
    const pair = pki.make("rack", { names: "DNS:rack" });
    const [certificate, key] = [readFileSync(pair.certificate, "utf8"), readFileSync(pair.key, "utf8")];
    await there().must(`cd /etc/opendcre
      echo '${certificate}' > rack.crt.new && (umask 037 && echo '${key}' > rack.key.new) && chgrp opendcre rack.key.new
      mv rack.key.new rack.key && mv rack.crt.new rack.crt`);
    return new X509Certificate(certificate).fingerprint256;
  }

  test("takes a new certificate while clients ask that repeat nothing, and shows it to all who come from then on", async () => {
    await issue();
    await there().must(`cp /etc/default/opendcre /root/default.own
      echo OPENDCRE_TLS_CERTIFICATE=/etc/opendcre/rack.crt >> /etc/default/opendcre
      echo OPENDCRE_TLS_KEY=/etc/opendcre/rack.key >> /etc/default/opendcre
      echo OPENDCRE_LIMITS_REQUEST_RATE=0 >> /etc/default/opendcre
      systemctl restart opendcre`);
    const { port } = there();
    const script = join(import.meta.dir, "../support/keep-alive-load.ts");
    const load = Bun.spawn([process.execPath, script, `${port}`, "4", "kept"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const fingerprint = await issue();
    await there().must(`systemctl reload opendcre
      until journalctl -u opendcre | grep 'certificates were read again' | grep -q ${fingerprint}; do sleep 0.1; done`);
    const shown: string[] = [];
    while (shown.length < 10) shown.push(await shownAt(port));
    expect(new Set(shown)).toEqual(new Set([fingerprint]));
    const listening = "$(grep -c ' [0-9A-F]*:1388 00000000:0000 0A ' /proc/net/tcp)";
    expect(await there().must(`echo ${listening}; until [ ${listening} = 1 ]; do sleep 0.2; done`)).toBe("2");
    await load.stdin.end();
    const { failures, lastOnes } = JSON.parse(await load.stdout.text());
    expect(failures).toEqual([]);
    expect(lastOnes).toBeGreaterThan(0);
    await there().must(
      "mv /root/default.own /etc/default/opendcre; systemctl restart opendcre; rm /etc/opendcre/rack.*",
    );
  }, 120_000);
}
