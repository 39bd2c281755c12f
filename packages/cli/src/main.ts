console.error('stipend: no command is there yet.')
process.exitCode = 1
