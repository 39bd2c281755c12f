export { providerSettings } from './models/settings.ts'
export { catalog, type TestimonialsCatalog } from './stipend.catalog.ts'
export { createTestimonials, type Testimonials, type TestimonialsOptions } from './testimonials.ts'
