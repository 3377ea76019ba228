import type { Origin } from "./errors.ts";
import type { ConfigValues, SettingPath } from "./schema.ts";

/** What the rules that concern more than one setting look at. */
export interface RuleInput {
  readonly values: ConfigValues;
  /** Where settings that someone gave come from; absent for those that have their default. */
  readonly origins: ReadonlyMap<SettingPath, Origin>;
  /** Settings that have a mistake of their own, and their default in `values`: nothing is concluded from them. */
  readonly faulty: ReadonlySet<SettingPath>;
}
