import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseBmcFile } from "../../../src/emulator/bmc/file/bmc-file.ts";
import { BmcFileError } from "../../../src/emulator/bmc/file/bmc-file-error.ts";
import { defaultBmcs, loadBmcFile } from "../../../src/emulator/bmc/load-bmc-file.ts";

/** What is wrong with a file, one line for each mistake; none where it is good. */
function mistakes(text: string): string[] {
  try {
    parseBmcFile(text, "bmc.json");
    return [];
  } catch (error) {
    if (!(error instanceof BmcFileError)) throw error;
    expect(error.code).toBe("invalid-bmc-file");
    expect(error.message.split("\n")).toHaveLength(error.problems.length);
    return error.message.split("\n");
  }
}

/** The mistakes without the file's name, line and column. */
const told = (text: string) => mistakes(text).map((line) => line.replace(/^bmc\.json:\d+:\d+: /, ""));

const USER = '{"id": 2, "name": "a", "password": "b", "privilege": "user"}';
const withSecrets = (password: string) =>
  `{"name": "x", "users": [${USER.replace('"password": "b"', password)}], "k_g": "0xc0ffee"}`;
const bmc = (members: string) => `{"name": "x", "users": [${USER}]${members === "" ? "" : `, ${members}`}}`;
const sensor = (members: string) =>
  bmc(`"sensors": [{"number": 1, "name": "s", "type": "temperature", "unit": "volts", "value": 1${members}}]`);
const discrete = (members: string) =>
  bmc(`"discrete_sensors": [{"number": 1, "name": "s", "type": 1, "possible": [0]${members}}]`);

describe("good files", () => {
  test("a name and users are enough", () => {
    const { quirks, sessions, cipherSuites, chassis } = parseBmcFile(bmc(""), "bmc.json");
    expect(cipherSuites).toEqual([3, 17]);
    expect(sessions).toEqual({ max: 4, idleTimeoutS: 60, setupTimeoutS: 10 });
    expect(quirks.passwordBytes).toBe(20);
    expect(chassis.power).toBe("on");
  });

  test("comments, as JSON has none and as members", () => {
    expect(mistakes(`// a comment\n${bmc('"_comment": "another", "device": {"_note": 1} /* a third */')}`)).toEqual([]);
  });

  test("the two that are built in: at least 20 sensors in the first, fewer in the second", () => {
    const [first, second] = defaultBmcs();
    expect(first.sensors.length).toBeGreaterThanOrEqual(20);
    expect(second.sensors.length).toBeLessThan(first.sensors.length);
    for (const { cipherSuites } of [first, second]) expect(cipherSuites).toEqual([3, 17]);
    expect(loadBmcFile(null)).toEqual(first);
  });

  test("a file that is not there", () => {
    expect(() => loadBmcFile("/nowhere/bmc.json")).toThrow("ENOENT");
  });
});

describe("mistakes", () => {
  test.each([
    ["[]", 'found an array, expected a BMC: an object with "name" and "users"'],
    ["{}", "name: missing, expected a text of 1 to 63 characters up to U+00FF"],
    ["{}", "users: missing, expected an array of users"],
    [bmc('"sesions": {}'), 'sesions: expected the member to be called "sessions"'],
    [bmc('"zzzzzzzz": 1'), "zzzzzzzz: expected no member of this name"],
    [bmc('"cipher_suites": [0]'), /^cipher_suites\[0\]: found 0, expected one of the cipher suites 1, 2, 3, /],
    [
      bmc('"cipher_suites": [3, 17, 3]'),
      "cipher_suites[2]: found 3, expected a cipher suite that is used once; the element 0 has the same",
    ],
    [bmc('"k_g": "xyz"'), "k_g: expected a text of hex digits for 1 to 20 bytes"],
    [bmc('"lan": {"ip": "1.2.3.400"}'), 'lan.ip: found "1.2.3.400", expected an IPv4 address'],
    [bmc('"lan": {"mac": "1"}'), 'lan.mac: found "1", expected a MAC address'],
    [bmc('"chassis": {"power": "onn"}'), 'chassis.power: found "onn", expected "on"'],
    [bmc('"chassis": {"power_on_ms": -1}'), "chassis.power_on_ms: found -1, expected a number from 0 to 600000"],
    [bmc('"sessions": {"max": 1.5}'), "sessions.max: found 1.5, expected a whole number from 1 to 63"],
    [bmc('"device": {"guid": "00"}'), 'device.guid: found "00", expected a text of hex digits for 16 bytes'],
    [bmc('"device": {"firmware": "2"}'), 'device.firmware: found "2", expected a version such as "2.17", up to 127.99'],
    [bmc('"ipmi_1_5": ["md4"]'), 'ipmi_1_5[0]: found "md4", expected "md5"'],
    [sensor(', "unit": "volts"'), "sensors[0].unit: named twice in the same object; expected each name once"],
    [
      sensor(', "entity": "300.1"'),
      'sensors[0].entity: found "300.1", expected an entity: id and instance, as in "3.1"',
    ],
    [sensor(', "m": 512'), "sensors[0].m: found 512, expected a whole number from -512 to 511"],
    [
      sensor(', "linearization": "non-linear"'),
      'sensors[0]: found an object, expected "factors" where the linearization is "non-linear", and only there',
    ],
    [sensor(', "thresholds": {"upper": 1}'), /^sensors\[0\]\.thresholds\.upper: expected /],
    [discrete(', "states": [1]'), 'discrete_sensors[0]: found an object, expected only states that "possible" names'],
    [discrete(', "type": "fna"'), /^discrete_sensors\[0\]\.type: named twice/],
    [
      bmc(
        '"sensors": [{"number": 5, "name": "s", "type": 1, "unit": 1, "value": 1}], "discrete_sensors": [{"number": 4, "name": "s", "type": 1, "possible": [0], "shared": {"count": 2}}]',
      ),
      "discrete_sensors[0].number: found 4, expected numbers that no other sensor has; sensors[0] has 5",
    ],
    [
      bmc('"frus": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]'),
      "frus[1].id: found 1, expected an id that is used once; the element 0 has the same",
    ],
    [
      bmc(
        '"frus": [{"id": 1, "name": "a", "size": 64, "product": {"manufacturer": "0123456789012345678901234567890123456789012345678901234567890"}}]',
      ),
      /^frus\[0\]: found an object, expected contents that fit: its contents take \d+ bytes, of which its memory has 64/,
    ],
    [bmc('"faults": [{"fault": "silense"}]'), 'faults[0].fault: found "silense", expected "silence"'],
    [bmc('"sel": {"entries": [{"time": "yesterday", "sensor": 1, "offset": 0}]}'), /^sel\.entries\[0\]\.time: /],
    [
      // Seven bits. IPMI 2.0, table 20-2.
      bmc('"controllers": [{"address": 34, "name": "x", "firmware": "128.01"}]'),
      'controllers[0].firmware: found "128.01", expected a version such as "2.17", up to 127.99',
    ],
    [
      // FFh is reserved. IPMI 2.0, section 43.1.
      discrete(', "shared": {"count": 15}').replace('"number": 1,', '"number": 241,'),
      "discrete_sensors[0]: found an object, expected numbers up to 254, those that are shared included",
    ],
    [bmc('"controllers": [{"address": 32, "name": "x"}]'), /^controllers\[0\]\.address: found 32, expected an even/],
  ])("%s: %s", (text, expected) => {
    const lines = told(text);
    if (typeof expected === "string") expect(lines).toContain(expected);
    else expect(lines.some((line) => expected.test(line))).toBe(true);
  });

  test("passwords and keys are not repeated in what is said of them", () => {
    const key = "k_g: expected a text of hex digits for 1 to 20 bytes";
    for (const password of ['"a-password-of-21-bytes"', '"geheimwört€r"', "20406080"]) {
      const password20 = "users[0].password: expected a text of at most 20 characters up to U+00FF";
      expect(told(withSecrets(`"password": ${password}`))).toEqual([password20, key]);
    }
    const misspelled = 'users[0].pasword: expected the member to be called "password"';
    expect(told(withSecrets('"password": "", "pasword": "geheim"'))).toEqual([misspelled, key]);
  });

  test("two users of one name, but for different levels", () => {
    const users = (second: string) => `{"name": "x", "users": [${USER}, ${second}]}`;
    expect(told(users(USER.replace('"id": 2', '"id": 3')))).toEqual([
      'users[1].name: found "a", expected a name and a privilege that is used once; the element 0 has the same',
    ]);
    expect(told(users(USER.replace('"id": 2', '"id": 3').replace('"user"', '"operator"')))).toEqual([]);
  });

  test("all at once, in the file's order, with line and column", () => {
    const text = '{\n  "name": 1,\n  "users": [{"id": 1}],\n  "k_g": ""\n}';
    expect(mistakes(text).map((line) => line.split(": ").slice(0, 2).join(": "))).toEqual([
      "bmc.json:2:11: name",
      "bmc.json:3:13: users[0].name",
      "bmc.json:3:13: users[0].password",
      "bmc.json:3:13: users[0].privilege",
      "bmc.json:3:20: users[0].id",
      "bmc.json:4:10: k_g",
    ]);
  });

  test("whatever stands in it, a file is read or refused with the place of its mistakes", () => {
    const [text] = [JSON.stringify({ name: "x", users: [], sensors: [], frus: [] })];
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom("users", "sensors", "frus", "sel", "device", "faults"),
        (value, member) => {
          mistakes(JSON.stringify({ ...JSON.parse(text), [member]: value }));
        },
      ),
    );
  });
});
