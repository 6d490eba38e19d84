import type { Random } from '../../common/random.ts';
import type { DeliveryFault, DrawDeliveryFaults } from '../../event-grid/delivery-gate.ts';
import { type AcsFaultEngine, type DeliveryRule, drawMs } from './fault-plan.ts';

/** The faults of one sender of events, drawn from its own stream of chance. */
export function plannedDeliveryFaults(
  engine: AcsFaultEngine,
  on: 'callback' | 'eventGrid',
  random: Random,
): DrawDeliveryFaults {
  return (type) => engine.draw(on, type, random).map((rule) => deliveryFault(rule, random));
}

function deliveryFault(rule: DeliveryRule, random: Random): DeliveryFault {
  switch (rule.fault) {
    case 'lose':
      return { type: 'lose' };
    case 'duplicate':
      return { type: 'duplicate', copies: rule.copies };
    case 'delay':
      return { type: 'delay', delayMs: drawMs(rule.delayMs, random) };
    case 'reorder':
      return { type: 'reorder', withinMs: rule.withinMs };
  }
}
