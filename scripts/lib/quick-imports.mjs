// Loaded before a program (--import). Node reads the whole package.json of a package again for every file of it whose name
// ends in .js, to learn that it is a module; with the 180 KB of drizzle-orm that is half of the time in which Vellum starts.
// Of these packages every .js file is one, and a file names its neighbours by where they are.
import { registerHooks } from 'node:module'

const modulesAlone = /\/node_modules\/(drizzle-orm|date-fns)\//

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('.') || !specifier.endsWith('.js') || !modulesAlone.test(context.parentURL ?? '')) return next(specifier, context)
    return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
  },
})
