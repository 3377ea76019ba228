import { bytesAt, layout, optional, rest, u32, u8, type Codec, type Decoded } from "../bytes/layout.ts";

/** Most bytes of a user name. */
export const MAX_USERNAME_SIZE = 16;
/** Bit of the role that has the BMC look a user up by name alone, and not by name and level. */
export const NAME_ONLY_LOOKUP = 0x10;

const rakp1Fields = layout({
  tag: u8(0),
  bmcSessionId: u32(4),
  consoleRandom: bytesAt(8, 16),
  /** Privilege level in the low bits, `NAME_ONLY_LOOKUP`: the byte that goes into the codes. */
  role: u8(24),
  usernameLength: u8(27),
  username: rest(28),
});
export type Rakp1 = Omit<Decoded<typeof rakp1Fields>, "usernameLength">;

/** RAKP message 1, from the console. A name that is cut short reads as what is there. @see IPMI 2.0, section 13.20, table 13-11 */
export const rakp1: Codec<Rakp1> = {
  encode: (value) => rakp1Fields.encode({ ...value, usernameLength: value.username.length }),
  decode(bytes) {
    const { usernameLength, ...message } = rakp1Fields.decode(bytes);
    return { ...message, username: message.username.slice(0, usernameLength) };
  },
};

/**
 * RAKP message 2, from the BMC. With a status other than 0 it ends behind the session id, or, from some BMCs, before it.
 * @see IPMI 2.0, section 13.21, table 13-12
 */
export const rakp2 = layout({
  tag: u8(0),
  status: u8(1),
  consoleSessionId: optional(u32(4)),
  bmcRandom: optional(bytesAt(8, 16)),
  bmcGuid: optional(bytesAt(24, 16)),
  /** Key exchange authentication code, of the algorithm's size. */
  code: optional(rest(40)),
});

/** RAKP message 3, from the console; a status other than 0 has the BMC give the session up. @see section 13.22, table 13-13 */
export const rakp3 = layout({
  tag: u8(0),
  status: u8(1),
  bmcSessionId: u32(4),
  /** Key exchange authentication code; nothing with RAKP-none or a status other than 0. */
  code: rest(8),
});

/** RAKP message 4, from the BMC. @see IPMI 2.0, section 13.23, table 13-14 */
export const rakp4 = layout({
  tag: u8(0),
  status: u8(1),
  consoleSessionId: optional(u32(4)),
  /** Integrity check value; nothing with RAKP-none or a status other than 0. */
  checkValue: optional(rest(8)),
});
