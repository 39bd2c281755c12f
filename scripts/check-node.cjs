// Runs before `npm start`, in whatever Node there is: an older one cannot read the program at all.
const oldest = 24
const version = process.versions.node

if (Number.parseInt(version, 10) < oldest) {
  console.error(
    `Stipend needs Node ${oldest} or newer, and this is Node ${version}: install it from https://nodejs.org.`,
  )
  process.exit(1)
}
