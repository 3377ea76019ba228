/** The package in a Debian system with systemd as process 1: from the installation to the purge, in this order. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { bootContainer, missingForContainers, type Container } from "../support/container.ts";
import { makeDeb, repackAs } from "../support/deb.ts";

setDefaultTimeout(120_000);

const missing = missingForContainers;
const VERSION = manifest.version.replace("-", "~");
const BEFORE = "1.9.0";

let container: Container;
let folder = "";

/** Packages by what they are to the test, as the container sees them. */
const debs = { present: "", before: "" };

const install = (deb: string, options = "") =>
  container.run(
    `DEBIAN_FRONTEND=noninteractive apt-get install -y -q --allow-downgrades ${options} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold ${deb} 2>&1`,
  );
const property = (name: string) => container.run(`systemctl show opendcre -P ${name}`);
const installedVersion = () => container.run("dpkg-query -W -f='${Version}' opendcre");
const statusOf = (path: string, header = "") =>
  container.run(
    `curl -k -s -o /dev/null -w '%{http_code}' ${header === "" ? "" : `-H '${header}'`} https://127.0.0.1:5000/opendcre/1.2/${path}`,
  );
/** What the journal has of the service, by what it is looked for by. */
async function journal(match = ""): Promise<Readonly<Record<string, unknown>>[]> {
  await container.run("journalctl --sync");
  const lines = await container.run(
    `journalctl -u opendcre --no-pager --all -o json -t opendcre _TRANSPORT=journal ${match}`,
  );
  return lines.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

/** Runs `act` and waits until the service runs again in another process. */
async function restartedBy(act: () => Promise<unknown>): Promise<void> {
  const pid = await property("MainPID");
  await act();
  await container.until(
    `[ "$(systemctl show opendcre -P MainPID)" != ${pid} ] && [ "$(systemctl show opendcre -P SubState)" = running ]`,
  );
}

const title = missing.length === 0 ? "the package" : `the package (not here: ${missing.join(", ")})`;
describe.skipIf(missing.length > 0)(title, () => {
  beforeAll(async () => {
    folder = mkdtempSync("/var/tmp/opendcre-package-");
    container = await bootContainer();
    const present = makeDeb(folder);
    const shipped = '// what 1.9.0 shipped\n{ "server": { "host": "127.0.0.1" } }\n';
    const before = repackAs(present, BEFORE, folder, { "etc/opendcre/opendcre.json": shipped });
    for (const deb of [present, before]) copyFileSync(deb, join(container.root, "root", basename(deb)));
    debs.present = `/root/${basename(present)}`;
    debs.before = `/root/${basename(before)}`;
  }, 480_000);

  afterAll(async () => {
    await container?.stop();
    if (folder !== "") rmSync(folder, { recursive: true });
  });

  test("is installed with apt, and the service runs", async () => {
    await install(debs.present);
    expect(await property("ActiveState")).toBe("active");
    expect(await property("StatusText")).toBe("listening on https://0.0.0.0:5000/opendcre/1.2/");
    expect(await container.run("systemctl is-enabled opendcre")).toBe("enabled");
    expect(await installedVersion()).toBe(VERSION);
    expect(await container.run("opendcre --version")).toContain(`opendcre ${manifest.version} (`);
  });

  test("has a user that reaches serial ports and GPIO, and a folder of its own for what is kept", async () => {
    expect((await container.run("id -nG opendcre")).split(" ").toSorted()).toEqual(["dialout", "gpio", "opendcre"]);
    expect(await container.run("stat -c '%U:%G %a' /var/lib/opendcre /etc/opendcre/credentials")).toBe(
      "opendcre:opendcre 700\nroot:root 700",
    );
    expect(await container.run("stat -c %U /proc/$(systemctl show opendcre -P MainPID)")).toBe("opendcre");
  });

  test("is hardened to at most 1.5 by systemd's reckoning", async () => {
    const report = await container.run(
      "systemd-analyze security --offline=true --no-pager /usr/lib/systemd/system/opendcre.service",
    );
    expect(Number(/exposure level for opendcre.service: ([\d.]+)/.exec(report)?.[1])).toBeLessThanOrEqual(1.5);
    expect(await container.run("systemd-analyze verify --man=no opendcre.service 2>&1")).toBe("");
  });

  test("has man pages that man finds, and completion that bash loads", async () => {
    expect(await container.run("man -w 8 opendcre && man -w 5 opendcre.json")).toContain("man5/opendcre.json.5");
    const complete = "COMP_WORDS=(opendcre check); COMP_CWORD=1; _opendcre; echo ${COMPREPLY[@]}";
    expect(await container.run(`. /usr/share/bash-completion/completions/opendcre; ${complete}`)).toBe("check-config");
  });

  test("has a doctor that finds nothing that fails, sees the service's rights, and changes nothing", async () => {
    const state = "find /var/lib/opendcre /etc/opendcre -printf '%p %u %m %s %T@\\n' | sort";
    const before = await container.run(state);
    const sound = await container.attempt("opendcre doctor");
    expect(sound).toMatchObject({ exitCode: 0, stderr: "" });
    expect(sound.stdout).toContain(
      "ok    configuration: /etc/opendcre/opendcre.json, with the options of the service\n",
    );
    expect(sound.stdout).toContain("ok    service: https://127.0.0.1:5000/opendcre/1.2/test answers\n");
    expect(await container.run(state)).toBe(before);
    await container.run("chown root: /var/lib/opendcre");
    const ill = await container.attempt("opendcre doctor");
    await container.run("chown opendcre: /var/lib/opendcre");
    expect(ill.exitCode).toBe(1);
    expect(ill.stdout).toMatch(/^FAIL {2}disk: .*\n {6}to do: sudo chown opendcre: \/var\/lib\/opendcre$/m);
  });

  test("answers nobody but test and health checks before there is a token, and then its bearer", async () => {
    expect(await statusOf("test")).toBe("200");
    expect(await statusOf("scan")).toBe("401");
    const made = await container.run("opendcre token create container --role reader 2>&1");
    const token = /dcre_[\w-]+/.exec(made)?.[0] ?? "";
    expect(token).not.toBe("");
    expect(await statusOf("scan", `Authorization: Bearer ${token}`)).toBe("200");
    expect(await statusOf("scan", `Authorization: Bearer ${token}x`)).toBe("401");
    expect(await container.run("stat -c '%U %a' /var/lib/opendcre/tokens.json")).toBe("opendcre 600");
    expect(await container.run("journalctl --no-pager --all -o export")).not.toContain(token);
  });

  test("serves an emulated rack after one line in /etc/default/opendcre", async () => {
    await container.run(`echo 'OPENDCRE_OPTS="--emulator"' >/etc/default/opendcre`);
    await container.run("systemctl restart opendcre");
    const made = await container.run("opendcre token create emulated --role reader 2>&1");
    const token = /dcre_[\w-]+/.exec(made)?.[0] ?? "";
    const scan = await container.run(
      `curl -k -s -H 'Authorization: Bearer ${token}' https://127.0.0.1:5000/opendcre/1.2/scan/00000001`,
    );
    expect(JSON.parse(scan)).toMatchObject({ boards: [{ board_id: "00000001" }] });
  });

  test("has credentials from a folder that only root reads", async () => {
    await container.run("echo -n hunter2 >/etc/opendcre/credentials/bmc && chmod 600 /etc/opendcre/credentials/bmc");
    await container.run("systemctl restart opendcre");
    const read = await container.run(
      "nsenter -t $(systemctl show opendcre -P MainPID) -m cat /run/credentials/opendcre.service/opendcre_bmc",
    );
    expect(read).toBe("hunter2");
    await container.run(
      `jq -n '{bmcs: [{bmc_ip: "192.0.2.1", username: "u", password_credential: "opendcre_bmc"}]}' >/root/bmcs.json`,
    );
    expect(await container.run("OPENDCRE_IPMI_BMC_CONFIG=/root/bmcs.json opendcre check-config")).toContain(
      "serves 1 BMCs, listed in /root/bmcs.json",
    );
  });

  test("writes to the journal with levels, and fields to look for", async () => {
    const lines = await journal();
    const of = (priority: string) =>
      lines.filter(({ PRIORITY }) => PRIORITY === priority).map(({ MESSAGE }) => MESSAGE);
    expect(of("6")).toContainEqual(expect.stringMatching(/^listening on https:/));
    // The last thing that a process says before it ends.
    expect(of("6")).toContain("stopped");
    // The wrong token above.
    expect(of("4")).toContainEqual(expect.stringMatching(/^a login with .* has failed$/));
    for (const line of lines) {
      expect(line).toMatchObject({ SYSLOG_IDENTIFIER: "opendcre", _SYSTEMD_UNIT: "opendcre.service" });
      expect(line["MESSAGE"]).not.toMatch(/[{<]/);
    }
    const [failed, ...further] = await journal("OPENDCRE_EVENT=login-failed");
    expect([failed?.["PRIORITY"], further]).toEqual(["4", []]);
    const refused = await journal("OPENDCRE_EVENT=access OPENDCRE_STATUS=401");
    expect(refused.map((line) => line["OPENDCRE_PATH"])).toContain("/opendcre/1.2/scan");
  });

  test("reads again what may change at a reload, in the same process", async () => {
    const pid = await property("MainPID");
    const edit = (level: string) =>
      container.run(
        `jq -n '{server: {host: "0.0.0.0"}, auth: {required: true}, tls: {enabled: true}, log: {level: "${level}", directory: "/var/log/opendcre"}}' >/etc/opendcre/opendcre.json`,
      );
    await edit("debug");
    await container.run("systemctl reload opendcre");
    await container.until("journalctl -u opendcre | grep -F 'taken: log.level'");
    await edit("loud");
    await container.run("systemctl reload opendcre");
    await container.until(
      "journalctl -u opendcre | grep -F 'the configuration was not taken, and everything stays as it was'",
    );
    expect(await property("MainPID")).toBe(pid);
    expect(await statusOf("test")).toBe("200");
    await edit("info");
  });

  test("is up to a storm of reloads", async () => {
    const pid = await property("MainPID");
    await container.run(`for i in $(seq 500); do kill -HUP ${pid}; done`);
    await container.until('[ "$(systemctl show opendcre -P SubState)" = running ]');
    expect(await statusOf("test")).toBe("200");
    expect(await property("MainPID")).toBe(pid);
  });

  test("ends connections that are too many, with the rights that the unit leaves it", async () => {
    const reload = (change: string, news: string) =>
      container.run(
        `cd /etc/opendcre && jq '${change}' opendcre.json >new.json && mv new.json opendcre.json && systemctl reload opendcre && journalctl -u opendcre | grep -F '${news}'`,
      );
    await reload(".limits = {connections_per_address: 20, loopback: true}", "taken: limits.connections_per_address");
    await container.run(
      "(for i in $(seq 40); do exec {connection}<>/dev/tcp/127.0.0.1/5000; done; exec sleep infinity) >/dev/null 2>&1 & echo $! >/root/flood.pid",
    );
    await container.until("journalctl -q -u opendcre OPENDCRE_EVENT=too-many-connections | grep .");
    const [told] = await journal("OPENDCRE_EVENT=too-many-connections");
    expect(told).toMatchObject({ PRIORITY: "4", OPENDCRE_REMOTE: "127.0.0.1" });
    expect(await journal("OPENDCRE_EVENT=connections-not-counted")).toEqual([]);
    await container.run("kill $(cat /root/flood.pid)");
    await reload("del(.limits)", "taken: limits.connections_per_address, limits.loopback");
    expect(await statusOf("test")).toBe("200");
  });

  test("takes a new certificate while clients ask that repeat nothing, and shows it to all who come from then on", async () => {
    const files = "cd /etc/opendcre && ";
    const issue = async () => {
      await container.run(
        `${files}openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=rack -addext subjectAltName=DNS:rack -keyout new.key -out new.crt 2>&1 && chgrp opendcre new.key && chmod 640 new.key && mv new.key rack.key && mv new.crt rack.crt`,
      );
      return container.run(`${files}openssl x509 -in rack.crt -noout -fingerprint -sha256 | cut -d= -f2`);
    };
    const listeningSockets = `grep -c ' [0-9A-F]*:1388 00000000:0000 0A ' /proc/net/tcp`;
    await issue();
    await container.run(
      `${files}cp opendcre.json own.json && jq -n '{server: {host: "0.0.0.0"}, auth: {required: true}, emulator: {enabled: true}, tls: {enabled: true, certificate: "rack.crt", key: "rack.key"}}' >opendcre.json && systemctl restart opendcre`,
    );
    // The load is run by the engine that is in the binary.
    copyFileSync(join(import.meta.dir, "../support/keep-alive-load.ts"), join(container.root, "root/load.ts"));
    for (const use of ["kept", "new"])
      await container.run(
        `cd /root && mkfifo ${use} && (BUN_BE_BUN=1 opendcre load.ts 5000 8 ${use} <${use} >${use}.json 2>&1 &) && (sleep infinity >${use} 2>&1 & echo $! >${use}.pid)`,
      );
    for (let round = 1; round <= 2; round++) {
      const fingerprint = await issue();
      await container.run("systemctl reload opendcre");
      await container.until(`journalctl -u opendcre | grep 'certificates were read again' | grep -F ${fingerprint}`);
      const shown = await container.run(
        "for i in $(seq 20); do openssl s_client -connect 127.0.0.1:5000 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 | cut -d= -f2; done | sort -u",
      );
      expect(shown).toBe(fingerprint);
    }
    expect(await container.run(listeningSockets)).toBe("3");
    await container.until(`[ "$(${listeningSockets})" = 1 ]`);
    for (const use of ["kept", "new"]) {
      await container.run(`kill $(cat /root/${use}.pid)`);
      const told = JSON.parse(await container.until(`[ -s /root/${use}.json ] && cat /root/${use}.json`));
      expect(told.failures).toEqual([]);
      if (use === "kept") expect(told.lastOnes).toBeGreaterThan(0);
    }
    await container.run(`${files}mv own.json opendcre.json && rm rack.crt rack.key && systemctl restart opendcre`);
  });

  test("is started again after kill -9", async () => {
    await restartedBy(() => container.run("systemctl kill -s KILL opendcre"));
    expect(await statusOf("test")).toBe("200");
  });

  test("is killed and started again when its event loop does not turn", async () => {
    await container.run(
      "mkdir -p /run/systemd/system/opendcre.service.d && printf '[Service]\\nWatchdogSec=2\\n' >/run/systemd/system/opendcre.service.d/quick.conf && systemctl daemon-reload && systemctl restart opendcre",
    );
    await restartedBy(() => container.run("kill -STOP $(systemctl show opendcre -P MainPID)"));
    expect(await container.run("journalctl -u opendcre --no-pager")).toContain("Watchdog timeout (limit 2s)!");
    expect(await statusOf("test")).toBe("200");
    await container.run("rm -r /run/systemd/system/opendcre.service.d && systemctl daemon-reload");
  });

  test("writes log files on request, for its owner alone, and opens them anew at a reload", async () => {
    expect(await statusOf("scan")).toBe("401");
    const access = "/var/log/opendcre/access.log";
    await container.until(`grep -q '"GET /opendcre/1.2/scan HTTP/1.1" 401 .* "curl/' ${access}`);
    expect(await container.run("stat -c '%U %a' /var/log/opendcre /var/log/opendcre/*")).toBe(
      ["opendcre 700", "opendcre 600", "opendcre 600"].join("\n"),
    );
    await container.run(`mv ${access} ${access}.moved && systemctl reload opendcre`);
    await container.until("grep -c 'reading again what may change' /var/log/opendcre/daemon.log");
    expect(await statusOf("scan")).toBe("401");
    await container.until(`test -s ${access}`);
  });

  test("is not started again and again with a wrong configuration", async () => {
    await container.run("cp /etc/opendcre/opendcre.json /root/good.json && echo '{' >/etc/opendcre/opendcre.json");
    expect((await container.attempt("systemctl restart opendcre")).exitCode).not.toBe(0);
    expect(await property("ExecMainStatus")).toBe("78");
    expect(await property("ActiveState")).toBe("failed");
    const errors = await container.run("journalctl -u opendcre -p err -t opendcre -o cat --no-pager");
    expect(errors).toMatch(/^opendcre: \/etc\/opendcre\/opendcre\.json:/m);
    await container.run("cp /root/good.json /etc/opendcre/opendcre.json && systemctl start opendcre");
  });

  test("is started again where it may not open its serial port yet, as before udev has given that to its group", async () => {
    await container.run(`mknod /dev/ttyS7 c 4 71 && echo 'OPENDCRE_OPTS="--device /dev/ttyS7"' >/etc/default/opendcre`);
    expect((await container.attempt("systemctl restart opendcre")).exitCode).not.toBe(0);
    expect(await property("ExecMainStatus")).toBe("77");
    expect(await property("SubState")).toBe("auto-restart");
    await container.run(
      `rm /dev/ttyS7 && echo 'OPENDCRE_OPTS="--emulator"' >/etc/default/opendcre && systemctl restart opendcre`,
    );
  });

  test("takes the drop-ins that are among its examples: an emulated rack, and a port below 1024", async () => {
    const dropIns = "/etc/systemd/system/opendcre.service.d";
    await container.run(
      `install -D -m 644 -t ${dropIns} /usr/share/doc/opendcre/examples/{emulator,port-443}.conf && cp /etc/default/opendcre /root/default`,
    );
    await container.run("echo OPENDCRE_SERVER_PORT=443 >/etc/default/opendcre");
    await container.run("systemctl daemon-reload && systemctl restart opendcre");
    expect(await container.run("curl -ks https://127.0.0.1/opendcre/1.2/test")).toBe('{"status":"ok"}');
    expect(
      await container.run("journalctl --sync; journalctl _PID=$(systemctl show opendcre -P MainPID) -o cat --no-pager"),
    ).toContain("emulating a rack on ");
    await container.run(
      `rm -r ${dropIns} && cp /root/default /etc/default/opendcre && systemctl daemon-reload && systemctl restart opendcre`,
    );
  });

  test("goes back to the version before, and on again, with its configuration and tokens kept", async () => {
    const kept = "sha256sum /etc/opendcre/opendcre.json /etc/default/opendcre /var/lib/opendcre/tokens.json";
    const before = await container.run(kept);
    await restartedBy(() => install(debs.before));
    expect(await installedVersion()).toBe(BEFORE);
    expect(await container.run(kept)).toBe(before);
    expect(await statusOf("scan")).toBe("401");
    await restartedBy(() => install(debs.present));
    expect(await installedVersion()).toBe(VERSION);
    expect(await container.run(kept)).toBe(before);
    expect(await statusOf("test")).toBe("200");
  });

  test("stays disabled over an upgrade where the administrator has disabled it", async () => {
    await container.run("systemctl disable opendcre");
    await install(debs.present, "--reinstall");
    expect((await container.attempt("systemctl is-enabled opendcre")).stdout.trim()).toBe("disabled");
    await container.run("systemctl enable opendcre");
  });

  test("removed, leaves configuration and what is kept; installed again, goes on with them", async () => {
    await container.run("apt-get remove -y -q opendcre 2>&1");
    expect((await container.attempt("systemctl is-active opendcre")).stdout.trim()).toBe("inactive");
    expect((await container.attempt("pgrep -x opendcre")).stdout).toBe("");
    await container.run("test -s /etc/opendcre/opendcre.json && test -s /var/lib/opendcre/tokens.json");
    await install(debs.present);
    expect(await property("ActiveState")).toBe("active");
    expect(await container.run("opendcre token list")).toContain("container");
  });

  test("purged, leaves nothing but its user and what the administrator has added", async () => {
    await container.run("apt-get purge -y -q opendcre 2>&1");
    const left = await container.run(
      "find / -xdev -name '*opendcre*' -not -path '/root/*' -not -path '/proc/*' -not -path '/var/log/journal/*'",
    );
    expect(left.split("\n").toSorted()).toEqual(["/etc/opendcre"]);
    expect(await container.run("find /etc/opendcre -type f")).toBe("/etc/opendcre/credentials/bmc");
    expect(await container.run("systemctl --failed --no-legend --plain")).toBe("");
  });
});
