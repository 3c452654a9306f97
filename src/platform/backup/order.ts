/**
 * In which order modules' databases are read: whoever hears before whom it hears, so that the copy of a subscriber is never
 * newer than that of its publisher and a replay fills what it misses. Where they hear each other, as they come.
 * @param hears each module with the publishers that it subscribes to, in the order of the registry
 */
export function backupOrder(hears: Readonly<Record<string, readonly string[]>>): string[] {
  const order: string[] = []
  const begun = new Set<string>()
  const visit = (module: string): void => {
    if (begun.has(module)) return
    begun.add(module)
    for (const [subscriber, publishers] of Object.entries(hears)) if (publishers.includes(module)) visit(subscriber)
    order.push(module)
  }
  for (const module of Object.keys(hears)) visit(module)
  return order
}
