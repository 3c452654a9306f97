import { ONE_OF_MANY } from '#platform/work/step.ts'

/** Priority of the steps of a credential, lower is sooner: a single issue goes before all batches, all the way to the mail. */
export const priorityOf = (batchId: string | null | undefined): number => (batchId == null ? 0 : ONE_OF_MANY)
