/** Priority of the steps of a credential, lower is sooner: a single issue goes before all batches, all the way to the mail. */
export const priorityOf = (batchId: string | null | undefined): number => (batchId == null ? 0 : 10)
