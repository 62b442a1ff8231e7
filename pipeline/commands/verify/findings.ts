/** What a check found: `faults` is empty where all is well. Null: the release has nothing of the kind. */
export type Findings = { evidence: string; faults: string[] } | null;
