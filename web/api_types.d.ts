// Written by make_types.mjs from docs/openapi.json; do not edit.

/** Of a parameter, or what was measured. */
export type Value = any;

export interface Error {
  error: {
    /** the same word as in --json output of the command line */
    code: string;
    /** one sentence */
    message: string;
  };
}

export interface RunItem {
  /** names the run in every other path */
  id: string;
  /** as given to --path, with what is below it */
  folder: string;
  /** running: a run writes here at this moment; ended: finished, or fit for --resume; foreign: artifacts without a journal */
  state: "running" | "ended" | "foreign";
  /** of the gate with default options; null while the run goes on */
  verdict: "PASS" | "WARN" | "FAIL" | "INCONCLUSIVE" | null;
  /** complete ones */
  iterations: number;
  /** as the run was asked for */
  planned: number | null;
  /** by the run's clock */
  started_utc: string | null;
  /** end of the last complete iteration, by the run's clock */
  ended_utc: string | null;
  /** by the run's clock: ended minus started */
  duration_s: number | null;
  /** iterations that pass by the profile */
  passed: number;
  /** proposals */
  proposed: number;
  /** of those, applied */
  applied: number;
  /** delivery faults */
  faults: number;
  /** simulated, recorded, external, scraped */
  target: string;
  /** of KPIs, its name */
  profile: string;
  /** why the folder cannot be read; then all counts are 0 */
  error: string | null;
}

export interface RunList {
  /** newest first, by their start; without one last, by id */
  runs: Array<RunItem>;
  /** that match */
  total: number;
  /** what could not be looked into, a line each: runs there are not in the list */
  problems: Array<string>;
  /** of soak */
  version: string;
}

export interface KpiInfo {
  /** its key */
  name: string;
  /** bps, ms, ratio, or empty */
  unit: string;
  /** which side of the threshold is good */
  direction: "at_most" | "at_least";
  /** null for a KPI that is not judged */
  threshold: number | null;
  /** whether the verdict looks at it */
  judged: boolean;
  /** whether it fails a run alone */
  veto: boolean;
}

export interface ParameterInfo {
  /** its key */
  name: string;
  /** or empty */
  unit: string;
  /** of the runtime file */
  section: string;
  /** bound */
  min: number | null;
  /** bound */
  max: number | null;
  type: "number" | "integer" | "boolean" | "choice";
}

export interface Check {
  name: string;
  status: "passed" | "failed" | "warned" | "not_judged" | "skipped";
  /** a parameter's value: number, boolean, text or null */
  measured: Value;
  /** such as ≥ 0.9; empty where the check has none */
  threshold: string;
  /** distance to the threshold, positive on the good side */
  margin: number | null;
  /** one sentence */
  message: string;
}

export interface Gate {
  verdict: "PASS" | "WARN" | "FAIL" | "INCONCLUSIVE";
  checks: Array<Check>;
  reasons: Array<string>;
  warnings: Array<string>;
}

export interface Fault {
  iteration: number;
  /** a delivery fault's name */
  kind: string;
  /** or empty */
  parameter: string;
  /** one sentence, or empty */
  detail: string;
}

export interface Health {
  /** of the target's process, as it last said */
  instance_id: string | null;
  /** different ones seen */
  instances: number;
  last_report_utc: string | null;
  /** of its newest report */
  last_seq: number | null;
  /** seen in all */
  reports: number;
  /** newest first, 100 at most */
  faults: Array<Fault>;
  /** all */
  fault_count: number;
}

export interface Delivery {
  full_apply_ratio: number;
  full_apply_count: number;
  partial_ok_count: number;
  fail_count: number;
  signature_stuck_count: number;
  proposed_count: number;
  fault_count: number;
}

export interface Run {
  item: RunItem;
  /** judged ones first */
  kpis: Array<KpiInfo>;
  /** those that were ever in effect or proposed */
  parameters: Array<ParameterInfo>;
  /** as recorded */
  options: Record<string, unknown>;
  /** with default options; of a run in progress its length is not judged, nor a change that no iteration can have shown yet. null where nothing can be judged yet */
  gate: Gate | null;
  /** what verify counts; null where nothing can be judged yet */
  delivery: Delivery | null;
  guards: {
    /** iterations in which it was set */
    freeze: number;
    /** iterations in which it was set */
    oscillation: number;
    /** iterations in which it was set */
    velocity: number;
    /** iterations in which it was set */
    cooldown: number;
  };
  health: Health;
  /** the KPIs of the last complete iteration, by name */
  last: Record<string, number | null>;
  /** what a reader of the artifacts should know */
  notes: Array<string>;
}

export interface Columns {
  mean: Array<number | null>;
  min: Array<number | null>;
  max: Array<number | null>;
}

export interface Steps {
  /** at the bucket's end, as the target reported it */
  effective: Array<Value>;
  /** the bucket's last proposal, made at the end of its iteration; null where there was none */
  proposed: Array<Value>;
  /** of those, the last one that was applied */
  applied: Array<Value>;
}

export interface Series {
  /** first iteration */
  from: number;
  /** last iteration */
  to: number;
  /** iterations in one point, the last point may have fewer; 1: nothing was thinned */
  per_point: number;
  /** the last iteration of each point, ascending; every array below has this length */
  iteration: Array<number>;
  /** end of that iteration, by the run's clock */
  utc: Array<string | null>;
  /** FAIL where any iteration of the point failed */
  verdict: Array<"PASS" | "FAIL">;
  /** delivery faults in the point */
  faults: Array<number>;
  /** freeze, oscillation, velocity, cooldown: iterations of the point in which the guard was set */
  guards: Record<string, Array<number>>;
  /** the guard that held a proposal in the point, the highest of them; no_op; null */
  held: Array<string | null>;
  /** by name */
  kpis: Record<string, Columns>;
  /** by name */
  parameters: Record<string, Steps>;
}

export interface LedgerEntry {
  /** at whose end it was proposed */
  iteration: number;
  /** tuner or rollback */
  origin: string;
  parameter: string;
  /** a parameter's value: number, boolean, text or null */
  before: Value;
  /** a parameter's value: number, boolean, text or null */
  proposed: Value;
  proposed_utc: string;
  /** that held it, or empty */
  guard: string;
  applied: boolean;
  old_hash: string;
  state_hash: string;
  /** the iteration that had to show it */
  next: number | null;
  /** a parameter's value: number, boolean, text or null */
  effective: Value;
  effective_utc: string;
  /** what was measured on it, or null */
  evidence: Value;
  /** how far it came */
  stage: "guards" | "apply" | "in_effect" | "evidence" | "proven" | "pending";
  /** one sentence, unless it is proven */
  why: string;
}

export interface Ledger {
  /** newest first */
  entries: Array<LedgerEntry>;
  /** that match */
  total: number;
  /** of all the run's */
  proven: number;
}

export interface KpiComparison {
  kpi: string;
  unit: string;
  direction: "at_most" | "at_least";
  a: {
    count: number;
    mean: number | null;
    median: number | null;
  };
  b: {
    count: number;
    mean: number | null;
    median: number | null;
  };
  /** mean of b − mean of a */
  difference: number | null;
  /** of the difference, low and high (bootstrap, seeded); empty without data */
  interval: Array<number>;
  /** of the interval, such as 0.95 */
  confidence: number;
  /** Mann–Whitney, two sides */
  p_value: number | null;
  /** of b against a */
  verdict: "better" | "same" | "worse" | "no_data";
}

export interface Comparison {
  a: RunItem;
  b: RunItem;
  kpis: Array<KpiComparison>;
  /** those whose value in effect at the end differs */
  parameters: Array<{
    name: string;
    unit: string;
    /** a parameter's value: number, boolean, text or null */
    a: Value;
    /** a parameter's value: number, boolean, text or null */
    b: Value;
  }>;
  /** iterations at the start that are left out of both */
  warmup: number;
}
