/** The byte that makes the sum of all of them 0 modulo 256. */
export function zeroChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return -sum & 0xff;
}
