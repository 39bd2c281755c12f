drop table testimonials.generations;
