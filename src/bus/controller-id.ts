/**
 * The two bytes by which boards tell this controller from others: the last two of a MAC address such as `b8:27:eb:12:41:45`;
 * 0 for a machine without one.
 */
export function controllerIdOf(mac: string | undefined): number {
  const bytes = mac?.match(/^(?:[0-9a-f]{2}:){4}([0-9a-f]{2}):([0-9a-f]{2})$/i);
  return bytes ? Number.parseInt(`${bytes[1]}${bytes[2]}`, 16) : 0;
}
