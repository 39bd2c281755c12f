import type { ChartData, ChartOptions } from 'chart.js'

/** What a canvas draws. */
export interface ChartConfig {
  type: 'bar' | 'line'
  data: ChartData<'bar' | 'line'>
  options: ChartOptions<'bar' | 'line'>
}
