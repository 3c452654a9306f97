/** A session of an organization's provider lives for a day and is never prolonged: the provider must be able to say no the next day. */
export const providerSessionMs = 86_400_000
