namespace ExecutionManager.Contracts.Messages;

/// <summary>
/// Reads and writes a property as the wire has it, whatever the serializer's options say: only an attribute on the
/// property itself goes before the options' own converters. See <see cref="WireConverter"/> for what it covers.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class WireAttribute : JsonConverterAttribute
{
    /// <inheritdoc/>
    public override JsonConverter? CreateConverter(Type typeToConvert) => WireConverter.Create(typeToConvert);
}
