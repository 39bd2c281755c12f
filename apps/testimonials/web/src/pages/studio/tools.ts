import type { Generation } from '../../api/api.generated.ts'

export const tools = ['questions', 'assemble', 'polish'] as const
export type Tool = (typeof tools)[number]

/** The capability that each is metered as, and its route. */
export const toolRoutes: Readonly<Record<Tool, { capability: Generation['capability']; path: string }>> = {
  questions: { capability: 'question_generation', path: '/ai/suggest-questions' },
  assemble: { capability: 'testimonial_assembly', path: '/ai/assemble-testimonial' },
  polish: { capability: 'testimonial_polish', path: '/ai/polish-testimonial' },
}

/** Where each keeps what somebody is writing. */
export const inputKey = (slug: string, tool: Tool): string => `studio:${slug}:${tool}`
