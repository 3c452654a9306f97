import { describe, expect, it } from 'vitest'
import { accepted, prefersHtml } from './accept.ts'

const offered = ['application/vc+ld+json', 'application/json', 'text/html'] as const

describe('content negotiation', () => {
  it.each([
    [undefined, 'application/vc+ld+json'],
    ['*/*', 'application/vc+ld+json'],
    ['application/json', 'application/json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
    ['application/*', 'application/vc+ld+json'],
    ['application/json;q=0.5, text/html;q=0.4', 'application/json'],
    ['application/*;q=0.3, application/json;q=0.2, text/html;q=0.1', 'application/vc+ld+json'],
    ['*/*, application/vc+ld+json;q=0', 'application/json'],
    ['APPLICATION/JSON ; Q=1', 'application/json'],
  ])('of %s is %s', (header, type) => {
    expect(accepted(header, offered)).toBe(type)
  })

  it('refuses what is not offered', () => {
    expect(() => accepted('image/png', offered)).toThrow('application/vc+ld+json, application/json')
  })

  it('tells a browser from a program', () => {
    expect(prefersHtml('text/html,*/*;q=0.8')).toBe(true)
    expect([undefined, '*/*', 'application/json'].map(prefersHtml)).toEqual([false, false, false])
  })
})
