/** A breach of a boundary: which rule, in which file, what it reaches for, and what to do instead. */
export type Violation = { rule: string, from: string, to: string, instead: string }
