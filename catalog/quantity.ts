/** Amounts as Kubernetes writes them. */
export type ResourceAmounts = { readonly cpu: string; readonly memory: string };

export interface Resources {
  readonly requests: ResourceAmounts;
  readonly limits: ResourceAmounts;
}

/** Multipliers of the suffixes that Kubernetes' quantities may carry; `m` is a thousandth. */
const multipliers: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/**
 * The number a Kubernetes quantity stands for: cores for CPU, bytes for memory and storage.
 *
 * Returns undefined for text that is no quantity.
 */
export function parseQuantity(text: string): number | undefined {
  const [, digits, suffix] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const multiplier = multipliers[suffix ?? ""];
  return digits === undefined || multiplier === undefined ? undefined : Number(digits) * multiplier;
}

/** The sum of quantities of bytes, in whole Mi, rounded up; text that is no quantity counts as nothing. */
export function totalMebibytes(quantities: readonly string[]): string {
  const bytes = quantities.reduce((total, quantity) => total + (parseQuantity(quantity) ?? 0), 0);
  return `${Math.ceil(bytes / 2 ** 20)}Mi`;
}
