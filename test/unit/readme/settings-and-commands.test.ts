import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { platformCommands } from '#platform/cli/run.ts'
import { platformSettings } from '#platform/config.ts'
import { commands, modules, program } from '../../../src/modules.ts'
import { readme, root, section, tableRows } from './markdown.ts'

/** Read where the keys are found, before any schema: src/platform/crypto/master-key.ts. */
const beforeSchemas = ['SERVICE_SECRET']

/** Told in words: they depend on the machine, or on other settings. */
const inWords = ['RENDER_WORKERS', 'DATABASE_URL', 'PUBLIC_URL']

async function schemas(): Promise<z.ZodObject[]> {
  const loaded = await Promise.all(Object.values(modules).map(({ load }) => load()))
  return [platformSettings, ...loaded.map(({ config }) => config as unknown as z.ZodObject)]
}

const table = () => tableRows(section(readme, '## Settings'))
const bare = (cell = '') => cell.replaceAll('`', '')

describe('the table of settings', () => {
  it('names every setting of the platform and of every module, once, and nothing else', async () => {
    const inCode = new Set([...beforeSchemas, ...(await schemas()).flatMap(({ shape }) => Object.keys(shape))])
    const inTable = table().map(([name]) => bare(name))
    expect(inTable.toSorted()).toEqual([...inCode].sort())
    expect(inTable.length).toBeGreaterThan(30)
  })

  it('gives the defaults that the code gives', async () => {
    const defaults = Object.assign({}, ...(await schemas()).map((schema) => schema.parse({}))) as Record<string, unknown>
    for (const [name, told] of table()) {
      const setting = bare(name)
      if (setting in defaults && !inWords.includes(setting)) expect([setting, told]).toEqual([setting, `\`${String(defaults[setting])}\``])
    }
    expect(Object.keys(defaults).length).toBeGreaterThan(15)
  })
})

describe('the table of commands', () => {
  it('names every command', async () => {
    const command = new Command('vellum')
    const run = () => Promise.resolve()
    for (const add of [...(await commands()), ...platformCommands(program, {})]) add(command, run)
    const named = ['vellum serve', ...command.commands.flatMap(namesOf)]
    expect(tableRows(section(readme, '## Commands')).map(([name]) => bare(name)).toSorted()).toEqual(named.toSorted())
  })
})

/** `vellum steps list` of a command that has commands of its own, else its own name. */
function namesOf(command: Command): string[] {
  const below = command.commands.length > 0 ? command.commands.map((one) => `${command.name()} ${one.name()}`) : [command.name()]
  return below.map((name) => `vellum ${name}`)
}

describe('links and paths', () => {
  const documents = globSync(['*.md', 'docs/*.md'], { cwd: root })

  it.each(documents)('in %s lead to files that exist', async (document) => {
    const { readFileSync } = await import('node:fs')
    const text = readFileSync(join(root, document), 'utf8')
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target = '']) => join(root, document, '..', target))
    // Paths in backticks that name a file of the project, such as `src/platform/module.ts`.
    const paths = [...text.matchAll(/`((?:src|test|scripts|docs)\/[\w./-]+\.\w+)`/g)].map(([, target = '']) => join(root, target))
    expect([...links, ...paths].filter((path) => !existsSync(path))).toEqual([])
  })
})
