// Without the Inter font of the default theme: the reader's own system font.
import DefaultTheme from 'vitepress/theme-without-fonts'
import './style.css'

export default DefaultTheme
