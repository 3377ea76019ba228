import { describe, expect, test } from "bun:test";
import { array, assert, constantFrom, dictionary, json, jsonValue, oneof, property, string } from "fast-check";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sample from "../../../config/bmc_config_sample.json" with { type: "json" };
import { isSameBmc } from "../../../src/ipmi/bmc-definition.ts";
import { BmcFileError } from "../../../src/ipmi/file/bmc-file-error.ts";
import { parseBmcFile } from "../../../src/ipmi/file/bmc-file.ts";
import { credentialIn, loadBmcFile } from "../../../src/ipmi/file/load-bmc-file.ts";
import type { SecretSource } from "../../../src/ipmi/file/read-secrets.ts";
import type { Secret } from "../../../src/ipmi/secret.ts";

const noSecrets: SecretSource = {
  readFile: (path) => {
    throw new RangeError(`no file ${path}`);
  },
  readCredential: (name) => {
    throw new RangeError(`no credential ${name}`);
  },
};

const read = (value: unknown, secrets = noSecrets) =>
  parseBmcFile(typeof value === "string" ? value : JSON.stringify(value), "bmc.json", secrets);

/** The mistakes of a file: places and messages. */
function mistakesOf(value: unknown, secrets = noSecrets): string[] {
  try {
    read(value, secrets);
  } catch (error) {
    if (error instanceof BmcFileError) return error.problems.map(({ place, message }) => `${place}: ${message}`);
    throw error;
  }
  return [];
}

const textOf = (secret: Secret | undefined) => new TextDecoder().decode(secret?.reveal());
const bmc = (more: object = {}) => ({ bmc_ip: "192.0.2.10", username: "ADMIN", password: "secret", ...more });

const suite = (auth_type: string, integrity_type: string, encryption_type: string, more = {}) =>
  read({ bmcs: [bmc({ auth_type, integrity_type, encryption_type, ...more })] }).bmcs[0]?.cipherSuite;

const boards = (...ids: (string | undefined)[]) => ({
  bmcs: ids.map((board_id, index) => bmc({ bmc_ip: `192.0.2.${index}`, board_id })),
});

describe("a file of 1.2", () => {
  const file = `{ "bmcs": [ { "bmc_ip": "192.0.2.10", "username": "ADMIN", "password": "secret",
    "auth_type": "RAKP_HMAC_SHA1", "integrity_type": "HMAC_SHA1_96", "encryption_type": "AES_CBC_128" } ] }`;

  test("is read as it stands", () => {
    const { bmcs, notices } = read(file);
    expect(bmcs).toHaveLength(1);
    expect(bmcs[0]).toMatchObject({
      board: 0x40000001,
      host: "192.0.2.10",
      port: 623,
      name: "192.0.2.10",
      username: "ADMIN",
      privilege: "administrator",
      cipherSuite: 3,
    });
    expect(textOf(bmcs[0]?.password)).toBe("secret");
    expect(notices).toEqual([]);
  });

  test("counts names in either case", () => {
    const shouted = file.replaceAll(/"(?:bmcs|bmc_ip|username|password|auth_type)"/g, (name) => name.toUpperCase());
    const [definition] = read(shouted.replace("RAKP_HMAC_SHA1", "rakp_hmac_sha1")).bmcs;
    expect(definition).toMatchObject({ host: "192.0.2.10", username: "ADMIN", cipherSuite: 3 });
  });

  test("may have members that nobody knows: they are told of", () => {
    const { bmcs, notices } = read({ bmcs: [bmc({ bmc_rack: "r1", privilige: "OPERATOR", _note: "x" })] });
    expect(bmcs).toHaveLength(1);
    expect(notices.map(({ message }) => message)).toEqual([
      "bmc.json:1:83: bmcs[0].bmc_rack: not known, and ignored",
      'bmc.json:1:100: bmcs[0].privilige: not known, and ignored; did you mean "privilege"?',
    ]);
  });
});

describe("cipher suites", () => {
  // IPMI 2.0, table 22-20.
  test.each([
    [0, "NO_AUTHENTICATION_ALGORITHM", "NO_INTEGRITY_ALGORITHM", "NO_ENCRYPTION_ALGORITHM"],
    [1, "RAKP_HMAC_SHA1", "NO_INTEGRITY_ALGORITHM", "NO_ENCRYPTION_ALGORITHM"],
    [2, "RAKP_HMAC_SHA1", "HMAC_SHA1_96", "NO_ENCRYPTION_ALGORITHM"],
    [3, "RAKP_HMAC_SHA1", "HMAC_SHA1_96", "AES_CBC_128"],
    [6, "RAKP_HMAC_MD5", "NO_INTEGRITY_ALGORITHM", "NO_ENCRYPTION_ALGORITHM"],
    [7, "RAKP_HMAC_MD5", "HMAC_MD5_128", "NO_ENCRYPTION_ALGORITHM"],
    [8, "RAKP_HMAC_MD5", "HMAC_MD5_128", "AES_CBC_128"],
    [11, "RAKP_HMAC_MD5", "MD5_128", "NO_ENCRYPTION_ALGORITHM"],
    [12, "RAKP_HMAC_MD5", "MD5_128", "AES_CBC_128"],
    [15, "RAKP_HMAC_SHA256", "NO_INTEGRITY_ALGORITHM", "NO_ENCRYPTION_ALGORITHM"],
    [16, "RAKP_HMAC_SHA256", "HMAC_SHA256_128", "NO_ENCRYPTION_ALGORITHM"],
    [17, "RAKP_HMAC_SHA256", "HMAC_SHA256_128", "AES_CBC_128"],
  ])("%d is %s, %s, %s", (number, auth, integrity, encryption) => {
    expect(suite(auth, integrity, encryption)).toBe(number);
    expect(suite(auth, integrity, encryption, { cipher_suite: "AUTO" })).toBe("auto");
    expect(read({ bmcs: [bmc({ cipher_suite: number })] }).bmcs[0]?.cipherSuite).toBe(number);
  });

  test("are left to the BMC where nothing is said", () => {
    expect(read({ bmcs: [bmc()] }).bmcs[0]?.cipherSuite).toBe("auto");
  });

  test("that do not exist are refused, and those that contradict each other", () => {
    const names = { auth_type: "RAKP_HMAC_SHA1", integrity_type: "HMAC_SHA256_128", encryption_type: "AES_CBC_128" };
    const none = mistakesOf({
      bmcs: [
        bmc(names),
        bmc({ auth_type: "RAKP_HMAC_SHA1" }),
        bmc({ cipher_suite: 4 }),
        bmc({ ...names, integrity_type: "HMAC_SHA1_96", cipher_suite: 17 }),
        bmc({ ...names, auth_type: "RAKP_HMAC_SHA" }),
      ],
    });
    expect(none).toHaveLength(6);
    expect(none[0]).toStartWith(
      'bmcs[0].integrity_type: found "HMAC_SHA256_128", expected a combination that is a cipher suite; RAKP_HMAC_SHA1 goes with',
    );
    expect(none[1]).toStartWith("bmcs[1].integrity_type: missing, expected one of");
    expect(none[2]).toStartWith("bmcs[1].encryption_type: missing, expected one of");
    expect(none[3]).toStartWith(
      'bmcs[2].cipher_suite: found 4, expected "auto" or the number of a cipher suite: 0, 1,',
    );
    expect(none[4]).toStartWith("bmcs[3].cipher_suite: found 17, expected 3, as auth_type");
    expect(none[5]).toBe('bmcs[4].auth_type: found "RAKP_HMAC_SHA", expected "RAKP_HMAC_SHA1"');
  });

  test("0 is warned of", () => {
    const { notices } = read({ bmcs: [bmc(), bmc({ cipher_suite: 0, bmc_ip: "192.0.2.11" })] });
    expect(notices).toHaveLength(1);
    expect(notices[0]?.level).toBe("warn");
    expect(notices[0]?.message).toMatch(/^bmc\.json:1:\d+: bmcs\[1\]: asks for cipher suite 0/);
  });
});

describe("board numbers", () => {
  test("are those of the places in the file, unless pinned", () => {
    const { bmcs } = read(boards(undefined, "4000000A", undefined, "0x40000FFF"));
    expect(bmcs.map(({ board }) => board.toString(16))).toEqual(["40000001", "4000000a", "40000003", "40000fff"]);
  });

  test("that two would have are refused", () => {
    expect(mistakesOf(boards("4000000a", "4000000a", undefined))).toEqual([
      "bmcs[1]: expected a board of its own; 4000000a, its board_id, is that of bmcs[0]",
    ]);
    expect(mistakesOf(boards("40000002", undefined))).toEqual([
      "bmcs[1]: expected a board of its own; 40000002, which it gets by its place in the file, is that of bmcs[0]",
    ]);
  });

  test.each(["1", "40000000", "80000001", "140000001", "4000000g", "", "-40000001"])("may not be %p", (id) => {
    expect(mistakesOf(boards(id))).toEqual([
      `bmcs[0].board_id: found ${JSON.stringify(id)}, expected a string of 8 hex digits, from "40000001" to "7fffffff"`,
    ]);
  });

  test("of a wrong entry are its own: the others keep theirs", () => {
    const file = boards(undefined, undefined, "40000003");
    Reflect.set(file.bmcs[0]!, "port", 0);
    expect(mistakesOf(file)).toEqual(["bmcs[0].port: found 0, expected a UDP port, 1 to 65535"]);
  });
});

describe("secrets", () => {
  const source: SecretSource = {
    readFile: (path) => ({ "pw/a": "from-a-file\n", long: "x".repeat(21) })[path] ?? noSecrets.readFile(path),
    readCredential: (name) => ({ lab: "from-a-credential\r\n" })[name] ?? noSecrets.readCredential(name),
  };
  const user = { bmc_ip: "192.0.2.10", username: "u" };

  test("come from the file, from another, or from systemd", () => {
    const entries = [
      { ...user, port: 1, password: "" },
      { ...user, port: 2, password_file: "pw/a" },
      { ...user, port: 3, password_credential: "lab" },
    ];
    const { bmcs } = read({ bmcs: entries }, source);
    expect(bmcs.map(({ password }) => textOf(password))).toEqual(["", "from-a-file", "from-a-credential"]);
  });

  test("of K_g are text or hex", () => {
    const { bmcs } = read({ bmcs: [bmc({ k_g: "key" }), bmc({ k_g: "0X00fF", port: 1 })] });
    expect(bmcs.map(({ kg }) => Array.from(kg!.reveal()))).toEqual([
      [0x6b, 0x65, 0x79],
      [0x00, 0xff],
    ]);
  });

  test("that are wrong are refused, and never repeated", () => {
    const hidden = ["hunter2-hunter2-hunter2", 123_456_789, "0x0g-hidden", `0x${"ab".repeat(21)}`] as const;
    const mistakes = mistakesOf(
      {
        bmcs: [
          bmc({ password: hidden[0] }),
          bmc({ password: hidden[1] }),
          bmc({ k_g: hidden[2] }),
          bmc({ k_g: hidden[3] }),
          { ...user, password_file: "long" },
          { ...user, password_file: "missing" },
          { ...user, password_credential: "gone" },
          { ...user, password: "hidden-a", password_file: "pw/a" },
          { ...user },
          bmc({ PASSWORD: "hidden-b" }),
        ],
      },
      source,
    );
    expect(mistakes).toHaveLength(10);
    const text = mistakes.join("\n");
    for (const secret of [...hidden, "hidden-a", "hidden-b", "x".repeat(21)])
      expect(text).not.toContain(String(secret));
    expect(mistakes[5]).toBe(
      'bmcs[5].password_file: found "missing", expected the path of a file that can be read (no file missing)',
    );
    expect(mistakes[8]).toStartWith("bmcs[8].password: missing, expected a password");
  });

  test("show themselves to nobody", () => {
    const [definition] = read({ bmcs: [bmc({ k_g: "topsecret" })] }).bmcs;
    const shown = `${JSON.stringify(definition)} ${Bun.inspect(definition)} ${String(definition?.password)}`;
    expect(shown).not.toContain("topsecret");
    expect(shown).not.toMatch(/[^(]secret[^)]/);
  });

  test("are part of what makes a BMC another", () => {
    const [a] = read({ bmcs: [bmc({ k_g: "k" })] }).bmcs;
    const same = read({ bmcs: [bmc({ bmc_ip: "192.0.2.1" }), bmc({ k_g: "k" })] }).bmcs[1];
    expect(isSameBmc(a!, same!)).toBe(true);
    for (const other of [
      { k_g: "l" },
      {},
      { k_g: "k", password: "secreT" },
      { k_g: "k", timeout: 3 },
      { k_g: "k", name: "n" },
    ])
      expect(isSameBmc(a!, read({ bmcs: [bmc(other)] }).bmcs[0]!)).toBe(false);
  });
});

test("all mistakes are told at once, in the file's order, with line and column", () => {
  const file = `{\n  "bmcs": [\n    { "bmc_ip": "a b", "username": "${"u".repeat(17)}", "password": "x" },\n    7,\n    {}\n  ]\n}`;
  expect(() => read(file)).toThrow(
    new BmcFileError("bmc.json", [
      {
        place: "bmcs[0].bmc_ip",
        position: { line: 3, column: 17 },
        message: 'found "a b", expected an IP address or a host name',
      },
      {
        place: "bmcs[0].username",
        position: { line: 3, column: 36 },
        message: `found "${"u".repeat(17)}", expected a user name: a string of at most 16 bytes`,
      },
      {
        place: "bmcs[1]",
        position: { line: 4, column: 5 },
        message: 'found 7, expected a BMC: an object with "bmc_ip", "username" and "password"',
      },
      {
        place: "bmcs[2].bmc_ip",
        position: { line: 5, column: 5 },
        message: "missing, expected an IP address or a host name",
      },
      {
        place: "bmcs[2].username",
        position: { line: 5, column: 5 },
        message: "missing, expected a user name: a string of at most 16 bytes",
      },
      {
        place: "bmcs[2].password",
        position: { line: 5, column: 5 },
        message:
          "missing, expected a password: a string of at most 20 bytes; or password_file or password_credential in its place",
      },
    ]),
  );
});

test("the same BMC twice is told of", () => {
  const { notices } = read({
    bmcs: [bmc({ bmc_ip: "Host" }), bmc({ bmc_ip: "host" }), bmc({ bmc_ip: "host", port: 624 })],
  });
  expect(notices.map(({ message }) => message.replace(/^\S+ /, ""))).toEqual([
    "bmcs[1]: the same BMC as bmcs[0] (host port 623), listed as another board",
  ]);
});

test("a timeout is in seconds", () => {
  expect(read({ bmcs: [bmc({ timeout: 2.5 })] }).bmcs[0]?.timeoutMs).toBe(2500);
  for (const timeout of [0, -1, 601, "5", null]) expect(mistakesOf({ bmcs: [bmc({ timeout })] })).toHaveLength(1);
});

test("nothing that is no BMC file makes it throw anything else", () => {
  assert(
    property(oneof(json(), string()), (text) => {
      try {
        read(text);
      } catch (error) {
        expect(error).toBeInstanceOf(BmcFileError);
      }
    }),
  );
  const member = oneof(jsonValue(), constantFrom("auto", "RAKP_HMAC_SHA1", "40000001", 3));
  const names = constantFrom(
    "bmc_ip",
    "port",
    "board_id",
    "username",
    "password",
    "k_g",
    "privilege",
    "auth_type",
    "cipher_suite",
    "timeout",
  );
  assert(
    property(array(dictionary(names, member)), (bmcs) => {
      try {
        expect(read({ bmcs }).bmcs).toHaveLength(bmcs.length);
      } catch (error) {
        expect(error).toBeInstanceOf(BmcFileError);
      }
    }),
  );
});

describe("the sample", () => {
  test("is valid, and shows every field", () => {
    const { bmcs, notices } = read(sample, { readFile: () => "pw", readCredential: () => "pw" });
    expect(notices).toEqual([]);
    expect(bmcs.map(({ board, cipherSuite }) => [board.toString(16), cipherSuite])).toEqual([
      ["40000001", 3],
      ["40000020", "auto"],
      ["40000003", 17],
    ]);
    expect(bmcs[1]).toMatchObject({ name: "rack 7, unit 12", privilege: "operator", timeoutMs: 5000 });
    const shown = new Set(sample.bmcs.flatMap((entry) => Object.keys(entry)).filter((name) => !name.startsWith("_")));
    const known =
      "bmc_ip port name board_id username password password_file password_credential k_g privilege auth_type integrity_type encryption_type cipher_suite timeout";
    expect([...shown].toSorted()).toEqual(known.split(" ").toSorted());
  });

  test("uses addresses for examples alone", () => {
    for (const { bmc_ip } of sample.bmcs) expect(bmc_ip).toMatch(/^(?:192\.0\.2\.|fe80::|.*\.example\.net$)/);
  });
});

test("files are found from the BMC file's folder, credentials in systemd's, and nowhere else", () => {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-bmc-file-"));
  try {
    mkdirSync(join(folder, "pw"));
    mkdirSync(join(folder, "credentials"));
    writeFileSync(join(folder, "pw/a"), "from-file\n");
    writeFileSync(join(folder, "credentials/lab"), "from-systemd");
    const path = join(folder, "bmc.json");
    const user = { bmc_ip: "192.0.2.10", username: "u" };
    writeFileSync(
      path,
      JSON.stringify({
        bmcs: [
          { ...user, password_file: "pw/a" },
          { ...user, port: 1, password_credential: "lab" },
        ],
      }),
    );
    const { bmcs } = loadBmcFile(path, credentialIn(join(folder, "credentials")));
    expect(bmcs.map(({ password }) => textOf(password))).toEqual(["from-file", "from-systemd"]);
    expect(() => loadBmcFile(path, credentialIn(undefined))).toThrow("CREDENTIALS_DIRECTORY is not set");
    writeFileSync(path, JSON.stringify({ bmcs: [{ ...user, password_credential: "../pw/a" }] }));
    expect(() => loadBmcFile(path, credentialIn(join(folder, "credentials")))).toThrow("a name without slashes");
    expect(() => loadBmcFile(join(folder, "none.json"), credentialIn(undefined))).toThrow("ENOENT");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
