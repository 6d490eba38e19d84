import type { Random } from '../../common/random.ts';
import type { DeliveryFault, DrawDeliveryFaults } from '../../event-grid/delivery-gate.ts';
import { type AcsFaultEngine, type DeliveryRule, drawMs, type MediaRule } from './fault-plan.ts';
import type { FrameFault, MediaFaults, StreamFaults } from './media-faults.ts';

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

/** Media faults as the engine's plan has them; each socket draws from a stream of its own. */
export function plannedMediaFaults(engine: AcsFaultEngine, random: Random): MediaFaults {
  return {
    stream(name): StreamFaults {
      const own = random.branch(`media/${name}`);
      const halfOpen = engine.draw('media', 'socket', own).find((rule) => rule.fault === 'halfOpen');
      return {
        halfOpenAfterMs: halfOpen?.afterMs,
        nextFrame: () => engine.draw('media', 'frame', own).flatMap((rule) => frameFault(rule, own)),
      };
    },
  };
}

function frameFault(rule: MediaRule, random: Random): FrameFault[] {
  switch (rule.fault) {
    case 'jitter':
      return [{ type: 'jitter', delayMs: drawMs(rule.delayMs, random) }];
    case 'lose':
      return [{ type: 'lose' }];
    case 'duplicate':
      return [{ type: 'duplicate', copies: rule.copies }];
    case 'split':
      return [{ type: 'split', parts: rule.parts }];
    case 'oversize':
      return [{ type: 'oversize', bytes: rule.bytes }];
    case 'halfOpen':
      return [];
  }
}
