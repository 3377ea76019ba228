/** The value below which the share `quantile` (0–1) of the values lies. */
export function quantile(values: readonly number[], quantileShare: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantileShare))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
