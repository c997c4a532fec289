/**
 * Reads a field by its own literal. Rule: label, default and limits are stated once, in the literal that
 * n8n shows; every message and every validation takes them from there.
 */
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { field } from './read';
import type { Form, FormSource, Schema } from './read';
import { choiceValue, flagValue, numberValue, optional, withDefault } from './schemas';

/** The groups of options, by the internal names that saved workflows contain. */
export type GroupName = 'portraitOptions' | 'fileOptions' | 'options' | 'limitOptions' | 'filters';

type Literal = Pick<INodeProperties, 'displayName' | 'name'>;

/**
 * Any field, by the schema of its values.
 * @param group the group that the field is an option of
 */
export const fieldOf = <T>(
	{ displayName, name }: Literal,
	schema: Schema<T> | ((source: FormSource) => Schema<T>),
	group?: GroupName,
): Form<T> => field(group === undefined ? name : `${group}.${name}`, displayName, schema);

interface FlagField extends Literal {
	default: boolean;
}

/**
 * A switch.
 * @param absent what holds while nothing is set; an option's default holds from the moment it is added
 */
export const flagOf = (
	literal: FlagField,
	group?: GroupName,
	absent = literal.default,
): Form<boolean> => fieldOf(literal, withDefault(flagValue(literal.displayName), absent), group);

interface NumberField extends Literal {
	default: number;
	/** A `numberPrecision` of 0 asks for a whole number. */
	typeOptions: { minValue: number; maxValue: number; numberPrecision?: number };
}

const numberIn = ({ displayName, typeOptions }: NumberField, unit: string): Schema<number> => {
	const { minValue, maxValue, numberPrecision } = typeOptions;
	const parts = numberPrecision === 0 ? 'whole' : 'any';
	return numberValue(displayName, minValue, maxValue, unit, parts);
};

/**
 * A number.
 * @param unit the end of the sentence "Use 1 to 300 seconds."
 */
export const numberOf = (literal: NumberField, unit: string, group?: GroupName): Form<number> =>
	fieldOf(literal, withDefault(numberIn(literal, unit), literal.default), group);

/** A number that means nothing unless the user sets it. */
export const optionalNumberOf = (
	literal: NumberField,
	unit: string,
	group?: GroupName,
): Form<number | undefined> => fieldOf(literal, optional(numberIn(literal, unit)), group);

interface ChoiceField<V extends string> extends INodeProperties {
	default: NoInfer<V>;
	options: Array<INodePropertyOptions & { value: V }>;
}

/** A field with a list of values, each known to the compiler. */
export const choiceField = <V extends string>(literal: ChoiceField<V>): ChoiceField<V> => literal;

/**
 * One value of the field's list.
 * @param absent as for a switch
 */
export const choiceOf = <V extends string>(
	literal: ChoiceField<V>,
	group?: GroupName,
	absent: NoInfer<V> = literal.default,
): Form<V> => {
	const values = literal.options.map(({ value }) => value);
	return fieldOf(literal, withDefault(choiceValue(literal.displayName, values), absent), group);
};
