# The server, the worker and the command line of this repository in one image: docs/operating/containers.md.
FROM node:24-slim AS console
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.base.json tsconfig.json ./
COPY scripts scripts
COPY db db
COPY packages packages
COPY apps apps
RUN npm ci
RUN npm run build -w @stipend/testimonials-web -- --logLevel warn

FROM node:24-slim AS production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY db db
COPY packages/cli packages/cli
COPY packages/embedded packages/embedded
COPY packages/engine packages/engine
COPY packages/server packages/server
COPY packages/stripe-sandbox packages/stripe-sandbox
COPY apps/testimonials/server apps/testimonials/server
RUN npm ci --omit=dev --omit=optional -w @stipend/testimonials-server -w stipend

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=production /app ./
COPY --from=console /app/apps/testimonials/web/dist apps/testimonials/web/dist
# What a process keeps for itself; the rest of /app stays root's.
RUN mkdir .stipend && chown node:node .stipend
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--conditions=stipend-source", "apps/testimonials/server/src/main.ts"]
