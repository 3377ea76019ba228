/** How short a secret may be: of a shorter one, chance would show some spelling somewhere. */
const LEAST_BYTES = 8;

/** What base64 makes of bytes at each of the three places in which they can begin, without the signs that their neighbours have a part in. */
function base64Parts(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replaceAll("=", "");
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(from, to);
  });
}

/** A text in the forms in which spellings of bytes are looked for. */
function formsOf(text: string) {
  return {
    text,
    // Digits alone, whatever stands between and in front of them: "73 65", "%73%65", "\x73\x65".
    hex: text.toLowerCase().replaceAll(/[^\da-f]/g, ""),
    // Without ends of lines, in files of PEM and in JSON.
    base64: text
      .replaceAll(/\\n|\s/g, "")
      .replaceAll("-", "+")
      .replaceAll("_", "/"),
    // [115,101] and {"0":115,"1":101}
    decimal: text.replaceAll(/"\d+":|\s/g, ""),
  };
}

function isShown(bytes: Buffer, { text, hex, base64, decimal }: ReturnType<typeof formsOf>): boolean {
  const plain = bytes.toString();
  return (
    text.includes(plain) ||
    text.includes(bytes.toString("latin1")) ||
    text.includes(JSON.stringify(plain).slice(1, -1)) ||
    text.includes(encodeURIComponent(plain)) ||
    hex.includes(bytes.toString("hex")) ||
    base64Parts(bytes).some((part) => base64.includes(part)) ||
    decimal.includes(bytes.join(","))
  );
}

/** All secrets that a test uses, by what they are. */
export class SecretRegistry {
  readonly #secrets = new Map<string, Buffer>();

  /** Takes a secret down, and hands it back. */
  add<T extends string | Uint8Array>(name: string, secret: T): T {
    const bytes = Buffer.from(secret);
    if (bytes.length < LEAST_BYTES || this.#secrets.has(name)) throw new RangeError(`${name} is too short, or known`);
    this.#secrets.set(name, bytes);
    return secret;
  }

  /** Makes a secret of 16 signs, with some that are spelled otherwise in URLs. */
  make(name: string): string {
    return this.add(name, `${Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("base64url")}/ +%`);
  }

  /** Those that a text shows: as it is, in hexadecimal, base64, decimal, or as in URLs and JSON. */
  shownBy(text: string): string[] {
    const forms = formsOf(text);
    return [...this.#secrets].flatMap(([name, bytes]) => (isShown(bytes, forms) ? [name] : []));
  }
}
