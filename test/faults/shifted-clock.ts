const offMs = Number(process.env.CLOCK_OFF_MS ?? 0)
const real = Date

/** Given to a process by `--import`: its clock is off by `CLOCK_OFF_MS`, in its worker threads too. */
globalThis.Date = new Proxy(real, {
  construct: (_, given: [], newTarget) => Reflect.construct(real, given.length === 0 ? [real.now() + offMs] : given, newTarget) as Date,
  apply: () => new real(real.now() + offMs).toString(),
  get: (_, name) => (name === 'now' ? () => real.now() + offMs : Reflect.get(real, name) as unknown),
})
